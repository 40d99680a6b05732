"""Where the time of the last reloads went, kept in a file for ``devloop doctor``."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from devloop import state
from devloop.options import Options

_MOST_RELOADS = 20
_MOST_FILES = 3
#: A file that is older than this was not saved just now: it was moved here, or its time was set.
_OLDEST_SECONDS = 60.0


@dataclass
class Reload:
    """One reload. All times are in milliseconds.

    ``noticed``: from the time of the file on the disk until the edit was known. ``phases``, one after the other: ``zygote`` (another one,
    if it is needed), ``stop`` (the old process, if it ends first), ``process`` (until there is a new one that runs), ``prepare`` (import
    and start-up), ``switch``. Of ``prepare``, the new process has measured ``importing`` and ``starting`` itself. ``slowest`` are modules
    with the time of their own code. ``because`` says why what was kept in memory was not used. ``importers``: so many of the
    application's modules depend on the edited module, out of all.
    """

    at: float
    files: list[str] = field(default_factory=list)
    generation: int = 0
    noticed: float | None = None
    warm: bool = False
    because: list[str] = field(default_factory=list)
    phases: dict[str, float] = field(default_factory=dict)
    importing: float = 0.0
    starting: float = 0.0
    slowest: list[tuple[str, float]] = field(default_factory=list)
    importers: tuple[str, int, int] | None = None
    error: str = ""

    @property
    def total(self) -> float:
        """From the decision to reload until the new process responds."""
        return sum(self.phases.values())


@dataclass
class Known:
    """The content of the file.

    ``polling`` says how the last run found edits, ``polls`` is true if it polled. ``unsafe``: packages that every worker imports by
    itself, each with what it does.
    """

    target: str
    watch: list[str]
    polling: str = ""
    unsafe: dict[str, str] = field(default_factory=dict)
    reloads: list[Reload] = field(default_factory=list)
    polls: bool = False


class Stopwatch:
    """Measures phases that follow each other."""

    def __init__(self) -> None:
        self.phases: dict[str, float] = {}
        self._last = time.monotonic()

    def over(self, phase: str) -> None:
        """End this phase; the next one begins."""
        now = time.monotonic()
        self.phases[phase] = round((now - self._last) * 1000, 1)
        self._last = now

    @property
    def total(self) -> float:
        """Milliseconds of all phases."""
        return sum(self.phases.values())


class History:
    """The file of one target; reloads of earlier runs stay in it until there are enough of this one.

    Of the packages that earlier runs have left to the workers, those in ``excluded`` stay: this run leaves them, too.
    """

    def __init__(self, options: Options, excluded: Collection[str] = ()) -> None:
        self._file = options.state / f"reloads-{state.target_name(options.target)}.json"
        self._root = options.root
        before = read(self._file)
        self.known = Known(options.target, [str(folder) for folder in options.watch])
        if before is not None:
            self.known.unsafe = {name: what for name, what in before.unsafe.items() if name in excluded}
            self.known.reloads = before.reloads

    def add(self, reload: Reload) -> None:
        """Keep it. Without the file only the doctor knows less."""
        reload.files = [os.path.relpath(file, self._root) for file in reload.files[:_MOST_FILES]]
        self.known.reloads = [*self.known.reloads, reload][-_MOST_RELOADS:]
        state.write(self._file, asdict(self.known))


def read(file: Path) -> Known | None:
    """Return what is kept in this file; ``None`` when there is none, or when another version of devloop has written it."""
    try:
        content = json.loads(file.read_text())
        content["reloads"] = [Reload(**reload) for reload in content["reloads"]]
        return Known(**content)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def noticed_after(files: Collection[str]) -> float | None:
    """Return how many milliseconds ago the last of these files was written; ``None`` when the disk does not tell."""
    times: list[float] = []
    for file in files:
        with suppress(OSError):
            times.append(os.stat(file).st_mtime)  # noqa: PTH116
    ago = time.time() - max(times, default=0.0)
    return round(ago * 1000, 1) if 0 <= ago < _OLDEST_SECONDS else None
