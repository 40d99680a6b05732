"""Progress of long work: a bar on a terminal, plain lines otherwise; on standard error, so that standard output has only the result."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


class Lines(AbstractContextManager["Lines"]):
    """One line per step."""

    def __init__(self) -> None:
        self._last = ("", "")

    def __call__(self, part: str, step: str, done: int, total: int | None) -> None:  # noqa: ARG002 - lines do not grow
        """Print a line when a step begins."""
        if (part, step) != self._last:
            self._last = (part, step)
            amount = f" ({total:,})" if total else ""
            click.echo(f"{part}: {step}{amount}", err=True)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Do nothing: lines leave nothing open."""


class Bars(AbstractContextManager["Bars"]):
    """A bar per part, which says what the step is."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self._tasks: dict[str, TaskID] = {}
        self._steps: dict[str, str] = {}
        self._progress: RichProgress = Progress(
            SpinnerColumn(),
            TextColumn("{task.fields[part]}"),
            BarColumn(),
            TextColumn("{task.fields[step]}"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __call__(self, part: str, step: str, done: int, total: int | None) -> None:
        """Move the bar of a part; a new step begins at its left end."""
        if part not in self._tasks:
            self._tasks[part] = self._progress.add_task("", part=part, step=step, total=total)
        if self._steps.get(part) != step:
            self._steps[part] = step
            self._progress.reset(self._tasks[part], total=total, start=True)
        self._progress.update(self._tasks[part], completed=done, total=total, step=step)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Remove the bars: the result follows."""
        if error is None:
            for task in self._tasks.values():
                self._progress.update(task, total=1, completed=1)
        self._progress.stop()


def reporter() -> Bars | Lines:
    """Return a reporter for this standard error, to be used as a context manager."""
    return Bars() if sys.stderr.isatty() else Lines()
