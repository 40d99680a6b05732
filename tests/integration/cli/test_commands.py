"""The commands about schema, files and versions."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from app.db.schema_version import HEAD
from tests.integration.cli.conftest import Dq


def test_an_empty_database_is_migrated_once(dq: Dq, empty_database: str) -> None:
    before = dq("db", "status", "--json", dsn=empty_database)
    assert before.code == 1
    assert before.value()["current"] is None
    assert before.value()["up_to_date"] is False
    migrated = dq("db", "migrate")
    assert migrated.code == 0
    assert f"to {HEAD}" in migrated.out
    assert "Nothing to do" in dq("db", "migrate").out
    after = dq("db", "status")
    assert after.code == 0
    assert "up to date" in after.out


def test_a_schema_of_the_future_is_not_touched(dq: Dq, database: str) -> None:
    import asyncio

    import asyncpg

    async def pretend() -> None:
        connection = await asyncpg.connect(database)
        await connection.execute("update alembic_version set version_num = '2999_future'")
        await connection.close()

    asyncio.run(pretend())
    assert "newer version" in dq("db", "status", dsn=database).out
    answer = dq("picks", "list")
    assert answer.code == 1
    assert "2999_future" in answer.err


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_a_league_as_files(dq: Dq, tmp_path: Path, file_format: str) -> None:
    answer = dq("sample", "generate", "--rows", "120", "--seed", "9", "--out", str(tmp_path / "new" / "league"), "--format", file_format)
    assert answer.code == 0
    paths = [Path(line) for line in answer.out.splitlines()]
    read = pl.read_csv if file_format == "csv" else pl.read_parquet
    assert sum(read(path).height for path in paths) == 120


@pytest.mark.parametrize("rows", ["0", "-1", "99999999"])
def test_an_impossible_league_is_a_usage_error(dq: Dq, tmp_path: Path, rows: str) -> None:
    answer = dq("sample", "generate", "--rows", rows, "--out", str(tmp_path / "league"))
    assert answer.code == 2
    assert "between 2 and" in answer.err
    assert not (tmp_path / "league").exists()


def test_a_folder_that_cannot_be_made_is_a_sentence(dq: Dq, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    answer = dq("sample", "generate", "--rows", "120", "--out", str(tmp_path / "file" / "league"))
    assert answer.code == 2
    assert "--out" in answer.err


def test_versions(dq: Dq, league_dsn: str) -> None:
    plain = dq("version", "--json").value()
    assert plain["schema"] == HEAD
    assert set(plain) == {"program", "python", "schema"}
    assert dq("version", "--data", "--json", dsn=league_dsn).value()["synthetic"] is True
    assert HEAD in dq("version").out
