"""Names of migrations, and where the models are compared with them."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import asyncpg
import pytest

from app.db.schema_version import HeadUnknown, head
from app.settings import Settings
from cli.migrations.migrate import revision_id
from scripts import migrations
from tests.conftest import run_apart
from tests.support.checkout_copy import BRANCH
from tests.support.waiting import free_port
from tools.embedded import EmbeddedPostgres, EmbeddedPostgresError


@pytest.mark.parametrize("message", ["add trades", "Add trades of draft picks", "x" * 40, "x" * 21 + " y", "x" * 22 + " y"])
def test_a_name_fits_into_the_table_of_versions(tmp_path: Path, message: str) -> None:
    name = revision_id(message, tmp_path)
    assert 11 < len(name) <= 32
    assert re.fullmatch(r"\d{4}_\d\d_\d\d(_[a-z0-9]+)+", name)


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
