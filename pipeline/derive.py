"""What follows from the rows of a data set alone: its exports, and the drill distributions of combine entries.

Made in a thread while PostgreSQL takes the same rows.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from threading import Event

import polars as pl

from app.datasets.model import Dataset
from pipeline.steps.export import public_columns, write_csv, write_parquet
from pipeline.steps.normalise import OurNames
from pipeline.steps.refresh import distributions


class Derivation:
    """The files and figures of one version of a data set.

    They are written with one processor, so that PostgreSQL has the other, until somebody needs them or ``hurry`` is called.
    """

    def __init__(self, directory: Path, dataset: Dataset, names: OurNames) -> None:
        self._directory = directory
        self._dataset = dataset
        self._names = names
        self._job: asyncio.Task[pl.DataFrame | None] | None = None
        self._hurry = Event()

    def begin(self, frame: pl.DataFrame, version: int) -> None:
        """Make them of ``frame`` (all rows, with person_id)."""
        self._job = asyncio.create_task(asyncio.to_thread(self._make, frame, version))

    def hurry(self) -> None:
        """Nobody else needs the processors any more."""
        self._hurry.set()

    async def settled(self) -> None:
        """Until nothing is written any more, however it ended; in a hurry, because somebody waits now."""
        self.hurry()
        if self._job is not None:
            await asyncio.wait([self._job])
            if not self._job.cancelled():
                self._job.exception()  # seen, also where another failure is the one that is told

    async def result(self) -> pl.DataFrame | None:
        """The distributions, for the data set that has some; None also when nothing was begun.

        Raises ``OSError`` or ``polars.exceptions.ComputeError`` when the disk is full.
        """
        await self.settled()  # awaiting the job itself would hand a cancellation on to it, while its thread goes on writing
        return self._job.result() if self._job is not None else None

    def _make(self, frame: pl.DataFrame, version: int) -> pl.DataFrame | None:
        public = public_columns(frame, self._dataset, self._names)
        write_csv(self._directory, public, self._dataset.name, version)
        write_parquet(self._directory, public, self._dataset.name, version, self._hurry)
        return distributions(public) if self._dataset.name == "combine" else None
