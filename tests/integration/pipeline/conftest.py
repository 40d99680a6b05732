"""Loads and looks: what every test of the pipeline does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg
import polars as pl
import pytest

from pipeline.ledger import RunReport
from pipeline.options import LoadOptions
from pipeline.run import load_all
from pipeline.sources.sample.generate import generate
from pipeline.steps.extract import SYNTHETIC_MARKER


@dataclass(frozen=True)
class Loader:
    """Loads files of a folder into one database."""

    dsn: str
    exports: Path

    def options(self, directory: Path) -> LoadOptions:
        return LoadOptions(dsn=self.dsn, exports_dir=self.exports, source="files", directory=directory)

    def __call__(self, directory: Path, **changes: object) -> dict[str, RunReport]:
        options = replace(self.options(directory), **changes)  # type: ignore[arg-type]
        return {report.dataset: report for report in asyncio.run(load_all(options))}

    def rows(self, query: str, *arguments: object) -> list[tuple[object, ...]]:
        async def run() -> list[tuple[object, ...]]:
            connection = await asyncpg.connect(self.dsn)
            try:
                return [tuple(row) for row in await connection.fetch(query, *arguments)]
            finally:
                await connection.close()

        return asyncio.run(run())

    def counts(self, query: str, *arguments: object) -> dict[object, int]:
        """A query of (key, number) as a dictionary."""
        return {key: int(str(number)) for key, number in self.rows(query, *arguments)}

    def value(self, query: str, *arguments: object) -> object:
        [(found,)] = self.rows(query, *arguments)
        return found


@pytest.fixture
def load(database: str, tmp_path: Path) -> Loader:
    """Loads into a database of this test's own."""
    return Loader(database, tmp_path / "exports")


@pytest.fixture(scope="session")
def made_up() -> dict[str, pl.DataFrame]:
    """A synthetic league of 3,000 rows."""
    return generate(rows=3000, seed=11)


Writer = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path, made_up: dict[str, pl.DataFrame]) -> Writer:
    """Writes a folder of files marked as synthetic; frames given by name take the place of the league's."""

    def write(name: str = "files", file_format: str = "csv", **frames: pl.DataFrame) -> Path:
        directory = tmp_path / name
        directory.mkdir(exist_ok=True)
        (directory / SYNTHETIC_MARKER).touch()
        for dataset, frame in {**made_up, **frames}.items():
            path = directory / f"{dataset}.{file_format}"
            if file_format == "csv":
                frame.write_csv(path)
            else:
                frame.write_parquet(path)
        return directory

    return write
