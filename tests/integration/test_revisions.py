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
