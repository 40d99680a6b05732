"""Progress of long work: a bar on a terminal, plain lines otherwise; on standard error, so that standard output has only the result."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


class Lines:
    """One line per step."""

    def __init__(self) -> None:
        self._last = ("", "")

    def __call__(self, part: str, step: str, done: int, total: int | None) -> None:  # noqa: ARG002 - lines do not grow
        """Print a line when a step begins."""
        if (part, step) != self._last:
            self._last = (part, step)
            amount = f" ({total:,})" if total else ""
            click.echo(f"{part}: {step}{amount}", err=True)


class Bars:
    """A bar per part, which says what the step is."""

    def __init__(self, progress: RichProgress) -> None:
        self._tasks: dict[str, TaskID] = {}
        self._steps: dict[str, str] = {}
        self._progress = progress

    def __call__(self, part: str, step: str, done: int, total: int | None) -> None:
        """Move the bar of a part; a new step begins at its left end."""
        if part not in self._tasks:
            self._tasks[part] = self._progress.add_task("", part=part, step=step, total=total)
        if self._steps.get(part) != step:
            self._steps[part] = step
            self._progress.reset(self._tasks[part], total=total, start=True)
        self._progress.update(self._tasks[part], completed=done, total=total, step=step)


@contextmanager
def reporter() -> Iterator[Bars | Lines]:
    """Yield a reporter for this standard error; bars are full at the end, unless an error ends the work."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    part, step = TextColumn("{task.fields[part]}"), TextColumn("{task.fields[step]}")
    with Progress(SpinnerColumn(), part, BarColumn(), step, TimeElapsedColumn(), console=Console(stderr=True)) as progress:
        yield Bars(progress)
        for task in progress.task_ids:
            progress.update(task, total=1, completed=1)
