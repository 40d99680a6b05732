"""``dq export``: the files that loads have written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.integration.cli.conftest import Dq


def test_a_file_is_copied_and_all_are_listed(
    dq: Dq, league_dsn: str, league_exports: Path, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment.setenv("EXPORTS_DIR", str(league_exports))
    answer = dq("export", "prospects.parquet", "--out", str(tmp_path), dsn=league_dsn)
    assert (answer.code, answer.out.strip()) == (0, str(tmp_path / "synthetic-prospects.parquet")), answer.err
    prospects = pl.read_parquet(tmp_path / "synthetic-prospects.parquet")
    assert dq("export", "person-ids.csv", "--out", str(tmp_path / "ids.csv")).code == 0
    assert (tmp_path / "ids.csv").read_text().startswith("person_id,name,first_season,last_season,gsis_id,")
    assert dq("export", "person-ids.csv", "--out", str(tmp_path / "new" / "folder")).code == 0
    assert [path.name for path in (tmp_path / "new" / "folder").iterdir()] == ["synthetic-person_ids.csv"]
    listed = dq("export", "--json").value()["items"]
    assert {(each["dataset"], each["format"]): each["rows"] for each in listed}["prospects", "parquet"] == prospects.height  # type: ignore[attr-defined]
    assert "person_ids.parquet" in dq("export").out
    no_file = dq("export", "--as-of", "3")
    assert (no_file.code, no_file.err.splitlines()[-1]) == (2, "Error: --as-of needs FILE.")
    unknown = dq("export", "prospects.xlsx")
    assert (unknown.code, 'No such export. Did you mean "prospects.csv"? Available exports: draft_picks.parquet' in unknown.err) == (
        1,
        True,
    )
    nowhere = dq("export", "prospects.csv", "--out", str(tmp_path / "none" / "file.csv"))
    assert (nowhere.code, "No such file or directory. Name another file or folder with --out." in nowhere.err) == (1, True)
