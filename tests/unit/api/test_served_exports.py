"""Which files of a data set are served, whatever release has written them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.context.dataset_state import DatasetVersion
from app.exports.notes import ExportNote, write_note
from app.exports.service import Version, served

if TYPE_CHECKING:
    from pathlib import Path

NAME = "draft_picks"
LOADED = DatasetVersion("6", "6-x", {NAME: 6}, {NAME: 100}, synthetic=True, contents={NAME: "6:today"})


def test_files_of_a_release_without_notes_are_served_where_it_has_removed_those_of_the_note(tmp_path: Path) -> None:
    write_note(tmp_path, NAME, ExportNote(version=8, rows=90, synthetic=True, made_from="the rows before"))
    (tmp_path / f"{NAME}-v6.csv").touch()
    assert served(tmp_path, NAME, LOADED) == Version(6, 100, synthetic=True, current=False)
    (tmp_path / f"{NAME}-v8.csv").touch()
    assert served(tmp_path, NAME, LOADED) == Version(8, 90, synthetic=True, current=False)


def test_files_of_rows_that_were_removed_are_not_served(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}-v6.csv").touch()
    removed = DatasetVersion("6", "6-x", {NAME: 6}, {NAME: 0}, synthetic=False)
    assert served(tmp_path, NAME, removed) == Version(0, 0, synthetic=False, current=False)
