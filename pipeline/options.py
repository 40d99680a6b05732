"""The options of a load, and its progress callback."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.ledger import Trigger

SourceKind = Literal["files", "web", "sample", "past"]

#: Called with data set, step, rows done and rows in all (None: not known).
Progress = Callable[[str, str, int, int | None], None]


def no_progress(dataset: str, step: str, done: int, total: int | None) -> None:
    """Ignore the progress."""


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """One load of one or more data sets.

    ``source``: ``files`` in ``directory``, ``web`` (the public release), ``sample`` (the synthetic league) or ``past`` (the rows as of the
    load ``to_run``). ``replace`` applies a load that would be held for review or has lost values, and lets a synthetic league replace real
    data. ``force`` reads a file again although it is the one that was loaded last, and compares all its rows; it applies nothing that needs
    ``replace``. ``older`` accepts a file with fewer seasons, rows and values than what is loaded. ``accept_gap`` loads a file that has no
    rows of a season between its first and its last. ``dry_run`` does all of it and keeps nothing, in the database or in ``exports_dir``.
    ``joined``: write what is made of several data sets, too: exports, and the read model of prospects. ``datasets``: none means all that
    the source has. ``wait_seconds`` is how long to wait for a load that is running.
    """

    dsn: str
    exports_dir: Path
    source: SourceKind
    directory: Path | None = None
    sample_rows: int = 21_895
    sample_seed: int = 2026
    trigger: Trigger = "command"
    datasets: tuple[str, ...] = ()
    replace: bool = False
    force: bool = False
    older: bool = False
    to_run: int = 0
    accept_gap: bool = False
    dry_run: bool = False
    joined: bool = True
    wait_seconds: float = 0
