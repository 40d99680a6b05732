"""The commands about schema, files and versions."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import asyncpg
import polars as pl
import pytest

from app.datasets import DATASETS, EXPECTED
from app.db.schema_version import COMPATIBLE_PREFIX, head
from tests.integration.cli.conftest import Dq


def test_an_empty_database_is_migrated_once(dq: Dq, empty_database: str) -> None:
    before = dq("db", "status", "--json", dsn=empty_database)
    assert before.code == 1
    assert before.value()["current"] is None
    assert before.value()["up_to_date"] is False
    migrated = dq("db", "migrate")
    assert migrated.code == 0
    assert f"to {head()}" in migrated.out
    assert "Nothing to do" in dq("db", "migrate").out
    after = dq("db", "status")
    assert after.code == 0
    assert "up to date" in after.out


def pretend(database: str, statement: str = "") -> None:
    """That newer code has migrated the database."""

    async def execute() -> None:
        connection = await asyncpg.connect(database)
        await connection.execute(f"update alembic_version set version_num = '2999_future'; {statement}")
        await connection.close()

    asyncio.run(execute())


def test_a_schema_that_newer_code_has_only_added_to_is_used(dq: Dq, database: str) -> None:
    pretend(database, f"comment on table alembic_version is '{COMPATIBLE_PREFIX}{head()}'")
    said = dq("db", "migrate", dsn=database)
    assert (said.code, said.out) == (0, f"Nothing to do: the schema is 2999_future, which only adds to {head()}.\n")
    assert dq("db", "migrate", "--json", "--compatible").value() == {"before": "2999_future", "after": "2999_future", "migrated": False}
    assert dq("db", "status").code == 0
    assert dq("picks", "list").code == 0


def test_a_schema_of_the_future_is_not_touched(dq: Dq, database: str) -> None:
    pretend(database)
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
    assert [path.stem for path in paths] == [dataset.file_stem for dataset in DATASETS.values()]
    assert sum(read(path).height for path in paths if path.stem in EXPECTED) == 120


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
    assert plain["schema"] == head()
    assert set(plain) == {"release", "program", "python", "schema"}
    of_data = dq("version", "--data", "--json", dsn=league_dsn).value()
    versions, rows = of_data["versions"], of_data["rows"]
    assert isinstance(versions, dict)
    assert isinstance(rows, dict)
    assert (of_data["synthetic"], versions.keys()) == (True, rows.keys())
    assert versions["draft_picks"] >= 1
    assert head() in dq("version").out
    assert re.search(r"^rows +draft_picks \d+, combine \d+, ", dq("version", "--data", dsn=league_dsn).out, re.MULTILINE)


def test_the_release_is_named_also_when_another_setting_is_wrong(dq: Dq, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in `docker run <image> dq version`, where there is no database."""
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("RELEASE", "1a2b3c")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert dq("version", "--json").value()["release"] == "1a2b3c"
    assert dq("--version").out == "dq 1a2b3c\n"
    monkeypatch.setenv("RELEASE", "a b")
    assert "RELEASE is not the name of a release" in dq("version").err
