"""From an edited model to the API: `make revision`, `make migrate`, `make check`, in a copy of the checkout."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from app.db.schema_version import HeadUnknown, head
from app.settings import Settings
from cli.migrations.migrate import revision_id
from scripts import migrations
from tests.conftest import run_apart
from tests.support.checkout_copy import BRANCH, Copy
from tests.support.waiting import free_port
from tools.embedded import EmbeddedPostgres, EmbeddedPostgresError

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")]

REQUEST = """
import sys
from fastapi.testclient import TestClient
from app.main import create_app
with TestClient(create_app()) as client:
    answer = client.get("/api/v1/draft-picks", params={"limit": 1, "fields": "season,pick,pressures"})
    ready = client.get("/health/ready")
print(answer.status_code, answer.text)
print(ready.status_code, ready.text)
"""


def test_a_column_comes_from_the_model_into_the_api_without_an_edit_by_hand(copy: Copy) -> None:
    position = '    position: Mapped[str | None] = mapped_column(comment="raw code of the latest record; join with position.code")\n'
    copy.edit(
        "app/db/models.py",
        position,
        f"{position}    nickname: Mapped[str | None] = mapped_column(comment=\"what 'the fans' call him\")\n"
        '    scouted: Mapped[bool] = mapped_column(server_default=text("false"), index=True)\n',
    )
    sacks = '    Field("def_sacks", "number", "sacks", low=0, high=300, label="Sacks", section=_DEFENSE),\n'
    copy.edit("app/datasets/draft_picks.py", sacks, f'{sacks}    Field("pressures", "integer", "pressures of the quarterback"),\n')
    missing = copy.make("migrations-check")
    assert missing.returncode != 0
    assert "op.add_column('draft_pick', sa.Column('pressures'" in missing.stderr
    assert "op.add_column('person', sa.Column('nickname'" in missing.stderr
    assert 'make revision MESSAGE="..."' in missing.stderr

    before = head(copy.versions)
    made = copy.make("revision", "MESSAGE=add nicknames")
    assert made.returncode == 0, made.stderr
    revision = head(copy.versions)
    assert re.fullmatch(r"\d{4}_\d{2}_\d{2}_add_nicknames", revision)
    assert f"Wrote alembic/versions/{revision}.py" in made.stdout
    written = (copy.versions / f"{revision}.py").read_text()
    assert written.startswith(f'"""Add nicknames.\n\nRevision ID: {revision}\nRevises: {before}\n"""\n')
    assert f'down_revision: str | None = "{before}"' in written
    for check in (("format", "--check"), ("check",)):
        ruff = copy.run(sys.executable, "-m", "ruff", *check, "alembic")
        assert ruff.returncode == 0, ruff.stdout
    assert copy.make("migrations-check").returncode == 0

    migrated = copy.make("migrate")
    assert migrated.returncode == 0, migrated.stderr
    assert migrated.stdout == f"Migrated from {before} to {revision}.\n"
    answer = copy.run(sys.executable, "-c", REQUEST)
    listed, ready = answer.stdout.splitlines()
    assert listed.startswith("200 "), answer.stderr
    assert '"pressures":null' in listed
    assert ready.startswith("200 ")
    assert f"at {revision}" in ready
    assert copy.make("migrate").stdout == f"Nothing to do: the schema is {revision}.\n"

    undone = copy.run(sys.executable, "-m", "alembic", "downgrade", "-1")
    assert undone.returncode == 0, undone.stderr
    assert copy.run(str(Path(sys.executable).parent / "dq"), "db", "status").returncode == 1


def test_two_heads_are_named_everywhere_and_joined_by_one_command(copy: Copy) -> None:
    copy.branch("2098_01_01_boards", "2098_01_01_trades")
    said = "alembic/versions has 2 heads: 2098_01_01_boards, 2098_01_01_trades."
    for command in (("migrate",), ("migrations-check",), ("revision", "MESSAGE=more")):
        refused = copy.make(*command)
        assert refused.returncode != 0
        assert said in refused.stderr, command
        assert "make merge-heads" in refused.stderr
    gate = copy.run(str(Path(sys.executable).parent / "dq"), "db", "migrate", "--json", "--compatible")
    assert (gate.returncode, said in gate.stderr) == (1, True)
    ready = copy.run(sys.executable, "-c", REQUEST).stdout.splitlines()[1]
    assert ready.startswith("503 ")
    assert said in ready
    served = copy.run(str(Path(sys.executable).parent / "dq"), "serve", "--port", str(free_port()))
    assert (served.returncode, said in served.stderr) == (1, True), served

    merged = copy.make("merge-heads")
    assert merged.returncode == 0, merged.stderr
    revision = head(copy.versions)
    assert revision == f"{datetime.now(UTC):%Y_%m_%d}_merge_heads"
    assert '("2098_01_01_boards", "2098_01_01_trades")' in (copy.versions / f"{revision}.py").read_text()
    assert copy.run(sys.executable, "-m", "ruff", "check", str(copy.versions / f"{revision}.py")).returncode == 0
    assert copy.make("migrations-check").returncode == 0
    assert f"to {revision}." in copy.make("migrate").stdout
    assert "Nothing to merge" in copy.make("merge-heads").stdout


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (
            "app/db/models.py",
            ', CheckConstraint("pick >= 1", name="pick"))',
            ")",
            "No model has the check constraint ck_draft_pick_pick: write op.drop_constraint.",
        ),
        (
            "app/db/models.py",
            ', CheckConstraint("pick >= 1", name="pick"))',
            ', CheckConstraint("pick >= 1", name="pick"), CheckConstraint("age > 10", name="grown"))',
            "No migration creates the check constraint ck_draft_pick_grown",
        ),
        (
            "app/datasets/draft_picks.py",
            '        "age",\n        "smallint",\n',
            '        "age",\n        "text",\n',
            "op.alter_column('draft_pick', 'age'",
        ),
    ],
)
def test_a_model_without_its_migration_is_reported(copy: Copy, file: str, old: str, new: str, said: str) -> None:
    copy.edit(file, old, new)
    found = copy.make("migrations-check")
    assert found.returncode != 0
    assert said in found.stderr


@pytest.mark.parametrize(("message", "said"), [("", "MESSAGE is empty"), ("…", "the message has no letter and no digit")])
def test_a_message_that_makes_no_name_is_refused(copy: Copy, message: str, said: str) -> None:
    before = set(copy.versions.iterdir())
    refused = copy.make("revision", f"MESSAGE={message}")
    assert refused.returncode != 0
    assert said in refused.stderr
    assert set(copy.versions.glob("*.py")) == {path for path in before if path.suffix == ".py"}


def test_a_long_message_is_shortened_in_the_name_alone(copy: Copy) -> None:
    message = "add the trades of draft picks between franchises"
    made = copy.make("revision", f"MESSAGE={message}")
    assert made.returncode == 0, made.stderr
    revision = head(copy.versions)
    assert revision == f"{datetime.now(UTC):%Y_%m_%d}_add_the_trades_of"
    assert (copy.versions / f"{revision}.py").read_text().startswith(f'"""A{message[1:]}.\n')
    again = copy.make("revision", f"MESSAGE={message} again")
    assert again.returncode != 0
    assert f"There is already a migration {revision}." in again.stderr
    assert copy.make("migrate").returncode == 0


@pytest.mark.parametrize("message", ["add trades", "Add trades of draft picks", "x" * 40, "x" * 21 + " y", "x" * 22 + " y"])
def test_a_name_fits_into_the_table_of_versions(tmp_path: Path, message: str) -> None:
    name = revision_id(message, tmp_path)
    assert 11 < len(name) <= 32
    assert re.fullmatch(r"\d{4}_\d\d_\d\d(_[a-z0-9]+)+", name)


def test_two_merges_on_one_day(copy: Copy) -> None:
    for names in (("2098_01_01_boards", "2098_01_01_trades"), ("2098_02_01_mocks", "2098_02_01_grades")):
        copy.branch(*names)
        merged = copy.make("merge-heads")
        assert merged.returncode == 0, merged.stderr
    assert head(copy.versions) == f"{datetime.now(UTC):%Y_%m_%d}_merge_heads_2"


@pytest.mark.parametrize("deployed", ["2098_01_01_boards", "2098_01_01_trades"])
def test_the_other_branch_is_pending_after_a_merge(copy: Copy, deployed: str) -> None:
    boards, trades = "2098_01_01_boards", "2098_01_01_trades"
    copy.branch(boards, trades)
    assert copy.make("merge-heads").returncode == 0
    upgraded = copy.run(sys.executable, "-m", "alembic", "upgrade", deployed)
    assert upgraded.returncode == 0, upgraded.stderr
    status = json.loads(copy.run(str(Path(sys.executable).parent / "dq"), "db", "status", "--json").stdout)
    assert status["pending"] == [trades if deployed == boards else boards, head(copy.versions)]


def test_a_file_that_is_not_python_is_named(tmp_path: Path) -> None:
    (tmp_path / "2098_01_01_broken.py").write_text("<<<<<<< HEAD\n")
    with pytest.raises(HeadUnknown, match=r"2098_01_01_broken\.py, line 1, is not valid Python"):
        head(tmp_path)


def test_an_editors_lock_is_not_a_migration(tmp_path: Path) -> None:
    (tmp_path / "2098_01_01_boards.py").write_text(BRANCH.format(revision="2098_01_01_boards", parent="2097_01_01_mocks"))
    (tmp_path / ".#2098_01_01_boards.py").symlink_to("me@host.1234")
    assert head(tmp_path) == "2098_01_01_boards"


@pytest.mark.parametrize("configured", [True, False])
def test_without_an_embedded_server_the_configured_one_lends_a_database(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], league: str, configured: bool
) -> None:
    def none(_: EmbeddedPostgres) -> str:
        raise EmbeddedPostgresError("There is no embedded PostgreSQL for this machine.")

    monkeypatch.setattr(EmbeddedPostgres, "start", none)
    settings = Settings(environment="test", database_url=league if configured else None)
    monkeypatch.setattr(migrations, "get_settings", lambda: settings)
    monkeypatch.setattr(sys, "argv", ["migrations", "check"])
    assert migrations.main() == (0 if configured else 1)
    said = capsys.readouterr()
    if configured:
        assert said.out == f"The models equal the migrations; the head is {head()}.\n"
        names = run_apart(lambda: asyncio.run(_databases(league)))
        assert not [name for name in names if name.startswith("draft_queen_migrations_")]
    else:
        assert "The models cannot be compared with the migrations here. There is no embedded PostgreSQL for this machine." in said.err


def test_a_server_that_is_away_is_an_error_message(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def none(_: EmbeddedPostgres) -> str:
        raise EmbeddedPostgresError("There is no embedded PostgreSQL for this machine.")

    monkeypatch.setattr(EmbeddedPostgres, "start", none)
    settings = Settings(environment="test", database_url=f"postgresql://draft_queen:secret@127.0.0.1:{free_port()}/draft_queen")
    monkeypatch.setattr(migrations, "get_settings", lambda: settings)
    monkeypatch.setattr(sys, "argv", ["migrations", "check"])
    assert migrations.main() == 1
    assert "A scratch database cannot be created on the server of DATABASE_URL" in capsys.readouterr().err


async def _databases(dsn: str) -> list[str]:
    connection = await asyncpg.connect(dsn)
    try:
        return [row["datname"] for row in await connection.fetch("select datname from pg_database")]
    finally:
        await connection.close()
