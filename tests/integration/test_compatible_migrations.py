"""Which migrations a running version could not live with."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from app.db import schema_version
from cli.migrations import migrate
from cli.migrations.migrate import MigrationRefused, downgrade, status, upgrade
from tests.integration.test_migrations import read

CHECKOUT = Path(__file__).resolve().parents[2]


class TestCompatible:
    """What a running version could not live with, read from migrations that lie in a folder of their own."""

    BODY = """
from alembic import op
import sqlalchemy as sa

revision = "2099_next"
down_revision = "{head}"
branch_labels = depends_on = None


def upgrade() -> None:
    {statement}


def downgrade() -> None:
    pass
"""

    @pytest.fixture
    def write(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
        """Puts a migration behind the newest."""
        scripts = tmp_path / "alembic"
        shutil.copytree(CHECKOUT / "alembic", scripts)
        monkeypatch.setattr(migrate, "_SCRIPTS", scripts)

        def put(statement: str) -> None:
            (scripts / "versions" / "2099_next.py").write_text(self.BODY.format(head=schema_version.head(), statement=statement))

        return put

    def test_what_adds_is_let_through_and_nothing_is_run(self, database: str, write: Callable[[str], None]) -> None:
        write('op.add_column("person", sa.Column("nickname", sa.Text()))')
        migrate.require_compatible(database)
        assert status(database).current == schema_version.head()
        upgrade(database)
        assert status(database).current == "2099_next"
        migrate.require_compatible(database)

    @pytest.mark.parametrize(
        ("statement", "said"),
        [
            ('op.drop_column("person", "name")', "`ALTER TABLE person DROP COLUMN name` takes away"),
            ('op.rename_table("person", "people")', "`ALTER TABLE person RENAME TO people` takes away"),
            (
                'op.add_column("person", sa.Column("x", sa.Text(), nullable=False))',
                "`ALTER TABLE person ADD COLUMN x TEXT NOT NULL` requires",
            ),
            ('op.alter_column("person", "name", type_=sa.Integer())', "changes the type"),
            ('op.get_bind().execute(sa.text("select 1")).scalar_one()', "cannot be read"),
        ],
    )
    def test_what_takes_away_is_refused(self, database: str, write: Callable[[str], None], statement: str, said: str) -> None:
        write(statement)
        with pytest.raises(MigrationRefused) as caught:
            migrate.require_compatible(database)
        assert said in str(caught.value)
        assert "FORCE=1" in str(caught.value)
        assert caught.value.exit_code == 3
        assert status(database).current == schema_version.head()

    def test_older_code_goes_on_with_what_was_only_added_to(self, database: str, write: Callable[[str], None]) -> None:
        """The code of these tests is the older one: the newest migration is only pretended to be its own."""
        write('op.add_column("person", sa.Column("nickname", sa.Text()))')
        upgrade(database)
        version = asyncio.run(read(database))
        assert (version.revision, version.fits) == ("2099_next", True)
        assert version.compatible_revisions == {schema_version.head()}

    def test_older_code_does_not_go_on_with_less(self, database: str, write: Callable[[str], None]) -> None:
        write('op.drop_column("person", "name_key")')
        upgrade(database)
        version = asyncio.run(read(database))
        assert (version.revision, version.fits, version.compatible_revisions) == ("2099_next", False, frozenset())

    def test_whoever_fitted_before_is_remembered_and_forgotten_on_the_way_back(self, database: str, write: Callable[[str], None]) -> None:
        write('op.add_column("person", sa.Column("nickname", sa.Text()))')
        upgrade(database)
        versions = migrate._SCRIPTS / "versions"
        text = (versions / "2099_next.py").read_text()
        text = text.replace('down_revision = "' + schema_version.head(), 'down_revision = "2099_next').replace(
            '"2099_next"', '"2100_next"', 1
        )
        (versions / "2100_next.py").write_text(text.replace("nickname", "second_nickname"))
        upgrade(database)
        assert asyncio.run(read(database)).compatible_revisions == {schema_version.head(), "2099_next"}
        downgrade(database, "2099_next")
        assert asyncio.run(read(database)).compatible_revisions == frozenset()

    def test_an_empty_database_has_nobody_to_hurt(self, empty_database: str) -> None:
        migrate.require_compatible(empty_database)
