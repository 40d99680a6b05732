"""What a running version can live with while an update migrates under it."""

from __future__ import annotations

import pytest

from cli.migrations.compatibility import breaks

ADDS = [
    "CREATE TABLE trade (id BIGINT NOT NULL, PRIMARY KEY (id))",
    "ALTER TABLE person ADD COLUMN nickname TEXT",
    "ALTER TABLE person ADD COLUMN rank INTEGER DEFAULT 0 NOT NULL",
    "ALTER TABLE person ADD COLUMN price NUMERIC(10, 2) NOT NULL DEFAULT 0, ADD COLUMN note TEXT",
    "ALTER TABLE person ADD COLUMN number BIGINT GENERATED ALWAYS AS IDENTITY NOT NULL",
    "ALTER TABLE person ALTER COLUMN nickname DROP NOT NULL",
    "ALTER TABLE person ALTER COLUMN nickname SET DEFAULT 'x'",
    "ALTER TABLE person DROP CONSTRAINT ck_person_age",
    "ALTER TABLE person RENAME CONSTRAINT a TO b",
    "ALTER TABLE person VALIDATE CONSTRAINT a",
    "CREATE INDEX ix_person_name ON person (name)",
    "DROP INDEX ix_person_name",
    "CREATE OR REPLACE FUNCTION f() RETURNS void LANGUAGE sql AS $$ DROP TABLE person; $$",
    "UPDATE person SET nickname = 'DROP TABLE person; ALTER TABLE person DROP COLUMN x'",
    "-- ALTER TABLE person DROP COLUMN name\nSELECT 1",
    "/* DROP TABLE person; */ INSERT INTO note VALUES ('it''s -- no comment; DROP TABLE x')",
    "COMMENT ON TABLE person IS E'a \\' quote; DROP TABLE person'",
    "ALTER TYPE kind ADD VALUE 'new'",
    "BEGIN",
    "COMMIT;\n\n",
]

HURTS = {
    "ALTER TABLE person DROP CONSTRAINT uq_person_name": "takes away",
    "ALTER TABLE person DROP CONSTRAINT IF EXISTS pk_person CASCADE": "takes away",
    "DROP INDEX CONCURRENTLY IF EXISTS uq_person_name": "takes away",
    "DROP TABLE person": "takes away",
    "drop materialized view if exists best_picks": "takes away",
    "TRUNCATE person": "takes away",
    "ALTER TABLE person DROP COLUMN name": "takes away",
    'ALTER TABLE "person" DROP "name"': "takes away",
    "ALTER TABLE IF EXISTS ONLY public.person DROP COLUMN IF EXISTS name CASCADE": "takes away",
    "ALTER TABLE person ADD COLUMN a TEXT, DROP COLUMN b": "takes away",
    "ALTER TABLE person RENAME TO people": "takes away",
    "ALTER TABLE person RENAME COLUMN name TO full_name": "takes away",
    "ALTER TABLE person RENAME name TO full_name": "takes away",
    "ALTER VIEW person_view RENAME TO x": "takes away",
    "ALTER TABLE person SET SCHEMA other": "takes away",
    "ALTER TYPE kind RENAME VALUE 'a' TO 'b'": "takes away",
    "ALTER TABLE person ADD COLUMN rank INTEGER NOT NULL": "requires",
    "ALTER TABLE person ADD rank NUMERIC(10, 2) NOT NULL": "requires",
    "ALTER TABLE person ADD COLUMN note TEXT CHECK (note <> ' DEFAULT ') NOT NULL": "requires",
    "ALTER TABLE person ALTER COLUMN rank DROP DEFAULT": "requires",
    "ALTER TABLE person ALTER COLUMN rank SET NOT NULL": "forbids",
    "ALTER TABLE person ALTER COLUMN rank TYPE TEXT USING rank::text": "changes the type",
    "ALTER TABLE person ALTER rank SET DATA TYPE TEXT": "changes the type",
    "ALTER TABLE person ADD CONSTRAINT one UNIQUE (name)": "forbids",
    "ALTER TABLE person ADD CHECK (rank > 0) NOT VALID": "forbids",
    "CREATE UNIQUE INDEX CONCURRENTLY ux ON person (name)": "forbids",
    "DO $$ BEGIN EXECUTE 'DROP TABLE person'; END $$": "cannot be determined",
    "SELECT 1; DROP TABLE person": "takes away",
}


@pytest.mark.parametrize("statement", ADDS)
def test_what_adds_is_let_through(statement: str) -> None:
    assert breaks([statement]) == []


@pytest.mark.parametrize("statement", HURTS)
def test_what_takes_away_is_named_with_its_reason(statement: str) -> None:
    (found,) = breaks([statement])
    assert HURTS[statement] in found.reason
    assert str(found).startswith("`")


def test_what_a_migration_makes_itself_is_nobodys_yet() -> None:
    made = [
        "CREATE TABLE trade (id BIGINT)",
        "ALTER TABLE trade ADD CONSTRAINT one UNIQUE (id)",
        "CREATE UNIQUE INDEX ux ON public.trade (id)",
    ]
    assert breaks(made) == []
    assert len(breaks(made[1:])) == 2


def test_the_statement_is_said_as_it_was_written_on_one_line() -> None:
    (found,) = breaks(['ALTER TABLE "Person"\n    DROP COLUMN name;\n\n'])
    assert found.statement == 'ALTER TABLE "Person" DROP COLUMN name'
