"""What follows from the rows of a data set alone: its exports, and the drill distributions of combine entries.

Made in threads while PostgreSQL takes the same rows.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import polars as pl

from pipeline.sources.schema import SourceSchema
from pipeline.steps.export import public_columns, write_csv, write_parquet
from pipeline.steps.normalise import OurNames
from pipeline.steps.refresh import distributions


class Derivation:
    """The files and figures of one version of a data set.

    The CSV file is written by one thread, so that PostgreSQL has the other processor: it may be written beside the people, whose text takes
    little. Parquet and the figures take every processor there is for a short time: they wait for ``go_on``.
    """

    def __init__(self, directory: Path, schema: SourceSchema, names: OurNames) -> None:
        self._directory = directory
        self._schema = schema
        self._names = names
        self._text: asyncio.Task[None] | None = None
        self._rest: asyncio.Task[pl.DataFrame | None] | None = None
        self._version = 0
        #: The rows between the two; not the result of a task, which would hold them until the end of the load.
        self._public: pl.DataFrame | None = None

    @property
    def begun(self) -> bool:
        """Whether there is a result to wait for."""
        return self._text is not None

    def begin(self, frame: pl.DataFrame, version: int) -> None:
        """Write the CSV file of ``frame`` (all rows, with person_id)."""
        self._version = version
        self._text = asyncio.create_task(asyncio.to_thread(self._write_text, frame))

    def go_on(self) -> None:
        """Whatever else there is, once the CSV file is there."""
        if self._text is not None and self._rest is None:
            self._rest = asyncio.create_task(self._after(self._text))

    async def settled(self) -> None:
        """Until nothing runs any more, however it ended."""
        await asyncio.gather(*(task for task in (self._text, self._rest) if task is not None), return_exceptions=True)

    async def result(self) -> pl.DataFrame | None:
        """The distributions, for the data set that has some. Raises ``OSError`` when the disk is full."""
        self.go_on()
        return await self._rest if self._rest is not None else None

    def _write_text(self, frame: pl.DataFrame) -> None:
        self._public = public_columns(frame, self._schema, self._names)
        write_csv(self._directory, self._public, self._schema.dataset, self._version)

    async def _after(self, text: asyncio.Task[None]) -> pl.DataFrame | None:
        await text
        return await asyncio.to_thread(self._write_rest)

    def _write_rest(self) -> pl.DataFrame | None:
        public, self._public = self._public, None
        if public is None:
            raise RuntimeError("the CSV file comes first")
        write_parquet(self._directory, public, self._schema.dataset, self._version)
        return distributions(public) if self._schema.dataset == "combine" else None
