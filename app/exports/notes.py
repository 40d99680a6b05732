"""The note next to an export: which version of its files is complete, and what they were made of.

The pipeline replaces the note when both files are complete; until then it names the previous ones. So no request meets half a version, and
files that are not those of the data being served are known as such.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from app.datasets.model import Dataset


class ExportNote(msgspec.Struct, frozen=True):
    """One version of an export. ``made_from`` identifies the data and the columns."""

    version: int
    rows: int
    synthetic: bool
    made_from: str


def made_from(dataset: Dataset, contents: Mapping[str, str]) -> str | None:
    """Identify what the files of a data set are made of; None if it has no rows. ``contents`` identifies the rows of each data set."""
    if contents.keys().isdisjoint(dataset.made_of or (dataset.name,)):
        return None
    sources = [(name, contents.get(name)) for name in dataset.reads]
    columns = [(field.name, field.kind) for field in dataset.listed.values()]
    return hashlib.sha256(repr((sources, columns)).encode()).hexdigest()


def read_note(folder: Path, name: str) -> ExportNote | None:
    """Return what is written about the export, or None if it was never written.

    Raises:
        OSError: the folder or the note cannot be read.
    """
    try:
        return msgspec.json.decode((folder / f"{name}.json").read_bytes(), type=ExportNote)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def write_note(folder: Path, name: str, note: ExportNote) -> None:
    """Replace the note, at once.

    Raises:
        OSError: the disk is full.
    """
    partial = folder / f"{name}.json.{os.getpid()}.part"
    partial.write_bytes(msgspec.json.encode(note))
    partial.replace(folder / f"{name}.json")
