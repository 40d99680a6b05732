"""Exports that are made of several data sets follow every load and every decision, and a failure to write them costs no load."""

from __future__ import annotations

import asyncio
import errno
import os
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from app.datasets import JOINED
from app.errors import DraftQueenError
from app.exports.notes import ExportNote, read_note, write_note
from pipeline import decisions
from pipeline.steps import export
from tests.integration.pipeline.conftest import Loader, Writer

DATASETS = ("draft_picks", "combine")


def note(load: Loader, name: str) -> ExportNote:
    found = read_note(load.exports, name)
    assert found is not None
    return found


def test_they_are_written_when_what_they_are_made_of_has_changed(
    load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = folder()

    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(load.exports / "prospects.json"))

    with monkeypatch.context() as patched:
        patched.setattr(export, "write_note", refuse)
        reports = load(files, datasets=DATASETS)
    assert {report.state for report in reports.values()} == {"loaded"}
    [message] = load.rows("select message from quality_issue where rule = 'not_exported'")
    assert str(message[0]).startswith("The loads are kept, but not every export was written; the next load writes the others. Cannot")
    assert read_note(load.exports, "prospects") is None
    # the next load writes them, although it has nothing to load
    assert {report.state for report in load(files, datasets=DATASETS).values()} == {"unchanged"}
    first = {name: note(load, name) for name in JOINED}
    assert {(each.version, each.synthetic) for each in first.values()} == {(1, True)}
    assert first["person_ids"].rows == load.value("select count(*) from person")
    stamps = {path: path.stat().st_mtime_ns for path in load.exports.iterdir()}
    assert {report.state for report in load(files, datasets=DATASETS).values()} == {"unchanged"}
    assert {path: path.stat().st_mtime_ns for path in load.exports.iterdir()} == stamps, "nothing is written again"
    # a dry run writes nothing, a load with other games another version
    changed = folder("other", draft_picks=made_up["draft_picks"].with_columns(games=pl.lit(3, dtype=pl.Int32)))
    load(changed, datasets=("draft_picks",), dry_run=True)
    assert note(load, "prospects") == first["prospects"]
    load(changed, datasets=("draft_picks",))
    assert note(load, "prospects").version == 2
    prospects = pl.read_parquet(load.exports / "prospects-v2.parquet")
    assert set(prospects.filter("drafted")["games"]) == {3}
    assert note(load, "prospects").rows == prospects.height
    (load.exports / "prospects-v2.csv").unlink()
    load(changed, datasets=("draft_picks",))
    kept = {path.name for path in load.exports.glob("prospects-*")}
    assert kept == {"prospects-v2.parquet", "prospects-v3.csv", "prospects-v3.parquet"}


def test_a_folder_that_cannot_be_written_costs_no_load(load: Loader, folder: Writer, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    reports = replace(load, exports=tmp_path / "file" / "exports")(folder(), datasets=DATASETS)
    assert {name: report.state for name, report in reports.items()} == dict.fromkeys(DATASETS, "loaded")
    [message] = load.rows("select message from quality_issue where rule = 'not_exported'")
    assert "Not a directory" in str(message[0])
    assert {report.state for report in load(folder(), datasets=DATASETS).values()} == {"unchanged"}
    assert [note(load, name).rows for name in DATASETS] == [reports[name].rows_read for name in DATASETS]


def test_a_database_of_its_own_does_not_take_the_files_of_another(load: Loader, folder: Writer) -> None:
    left = ExportNote(version=7, rows=1, synthetic=False, made_from="the data of another database")
    load.exports.mkdir()
    write_note(load.exports, "prospects", left)
    for kind in ("csv", "parquet"):
        (load.exports / f"prospects-v7.{kind}").write_text("other rows")
    load(folder(), datasets=DATASETS)
    assert (note(load, "prospects").version, note(load, "prospects").synthetic) == (8, True)


def test_a_decision_is_in_force_although_an_export_could_not_be_written(
    load: Loader, folder: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(folder(), datasets=DATASETS)
    [(person, season)] = load.rows("select person_id, c.season from combine_entry c join draft_pick d using (person_id) limit 1")

    async def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    async def split() -> None:
        async with decisions.deciding(load.dsn, load.exports) as connection:
            await decisions.split(connection, int(str(person)), [f"combine/{season}"], decisions.Act("seen on film", "ana"))

    monkeypatch.setattr(decisions, "write_exports", refuse)
    with pytest.raises(DraftQueenError, match="in force, but not every export was written"):
        asyncio.run(split())
    assert load.value("select count(*) from identity_decision") == 1
