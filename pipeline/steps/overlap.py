"""What a load does at the same time, and why: PostgreSQL and this process each have a processor, and neither is to wait for the other.

There are three such places, and they are all here:

- ``alongside``: PostgreSQL takes rows while a thread prepares what it gets next.
- ``Exports``: the files of a version are written by a thread while PostgreSQL takes the same rows.
- ``ReadAhead``: the next file is read while PostgreSQL builds the indexes of this one. It begins when the exports are finished, so that the
  memory of two files never adds up.

Together they take a third off a first load (docs/loads.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import TypeVar

import polars as pl

from app.datasets.model import Dataset
from pipeline.steps.export import Describe, next_number, public_columns, write_csv, write_parquet

T = TypeVar("T")


async def alongside(writing: Coroutine[object, object, None], work: Callable[[], T]) -> T:
    """Run ``work`` in a thread while ``writing`` goes on, and return its result, or raise, when both have ended."""
    job = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        await writing
    finally:
        await asyncio.wait([job])
    return job.result()


class Exports:
    """The files of a data set whose rows are all new, and the figures of its rows, for the data set that has some (``make_figures``).

    They are written with one processor, so that PostgreSQL has the other, until ``hurry`` is called or the result is waited for. ``number``
    is that of the files once both are complete; if they cannot be written, the run tries again after its last load, and reports it.
    """

    def __init__(
        self, directory: Path, dataset: Dataset, describe: Describe | None, make_figures: Callable[[pl.DataFrame], pl.DataFrame] | None
    ) -> None:
        self.number: int | None = None
        self._directory = directory
        self._dataset = dataset
        self._describe = describe
        self._make_figures = make_figures
        self._job: asyncio.Task[pl.DataFrame | None] | None = None
        self._hurry = Event()

    def begin(self, frame: pl.DataFrame, version: int | None) -> None:
        """Make them of ``frame`` (all rows of that version, with our keys); without a version only the figures."""
        self._job = asyncio.create_task(asyncio.to_thread(self._make, frame, version))

    def hurry(self) -> None:
        """Use both processors from now on: PostgreSQL has all rows."""
        self._hurry.set()

    async def settled(self) -> None:
        """Wait until nothing is written any more, however it ended."""
        self.hurry()
        if self._job is not None:
            await asyncio.wait([self._job])
            if not self._job.cancelled():
                self._job.exception()  # seen, also where another failure is the one that is reported

    async def figures(self) -> pl.DataFrame | None:
        """Return the figures of a data set that has some; None also if nothing was begun."""
        await self.settled()  # awaiting the job itself would hand a cancellation on to it, while its thread goes on writing
        return self._job.result() if self._job is not None else None

    def _make(self, frame: pl.DataFrame, version: int | None) -> pl.DataFrame | None:
        if version is not None:
            public = public_columns(frame, self._dataset, self._describe)
            with suppress(OSError, pl.exceptions.PolarsError):
                number = next_number(self._directory, self._dataset.name, version)
                write_csv(self._directory, public, self._dataset.name, number)
                write_parquet(self._directory, public, self._dataset.name, number, self._hurry)
                self.number = number
        return self._make_figures(frame) if self._make_figures is not None else None


class ReadAhead:
    """The rows of a file, read when they are needed or earlier."""

    def __init__(self, read: Callable[[], Awaitable[pl.DataFrame | None]]) -> None:
        self._read = read
        self._reading: asyncio.Task[pl.DataFrame | None] | None = None

    def begin(self, after: Exports) -> None:
        """Read in the background, as soon as these exports are finished; a second call does nothing."""
        if self._reading is None:
            self._reading = asyncio.create_task(self._read_after(after))

    async def rows(self) -> pl.DataFrame | None:
        """Return the rows once, so that the caller holds the only reference."""
        reading, self._reading = self._reading, None
        return await (reading or self._read())

    def cancel(self) -> None:
        """Stop reading: the rows will not be needed."""
        if self._reading is not None and not self._reading.done():
            self._reading.cancel()

    async def _read_after(self, exports: Exports) -> pl.DataFrame | None:
        await exports.settled()
        return await self._read()
