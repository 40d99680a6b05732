"""The note next to an export that is made of several data sets: which version of it there is, and what it was made of.

Such an export is written after the loads have committed, so the versions of the data sets cannot name its files. The pipeline replaces the
note when both files are complete; until then it names the previous ones.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from pathlib import Path


class JoinedExport(msgspec.Struct, frozen=True):
    """One version of such an export. ``made_from`` identifies the data and the columns."""

    version: int
    rows: int
    synthetic: bool
    made_from: str


def read_note(folder: Path, name: str) -> JoinedExport | None:
    """Return what is written about the export, or None if it was never written."""
    try:
        return msgspec.json.decode((folder / f"{name}.json").read_bytes(), type=JoinedExport)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def write_note(folder: Path, name: str, note: JoinedExport) -> None:
    """Replace the note, at once.

    Raises:
        OSError: the disk is full.
    """
    partial = folder / f"{name}.json.{os.getpid()}.part"
    partial.write_bytes(msgspec.json.encode(note))
    partial.replace(folder / f"{name}.json")
