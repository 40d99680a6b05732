"""The data sets a load knows, each as the functions of its folder."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol

import asyncpg
import polars as pl

from app.datasets.model import Dataset
from app.exceptions import DraftQueenError
from pipeline.issues import IssueLog
from pipeline.sources.combine import matching as combine_matching
from pipeline.sources.combine import rules as combine_rules
from pipeline.sources.combine.table import TABLE as COMBINE_TABLE
from pipeline.sources.draft_picks import matching as draft_picks_matching
from pipeline.sources.draft_picks import rules as draft_picks_rules
from pipeline.sources.draft_picks.table import TABLE as DRAFT_PICKS_TABLE
from pipeline.sources.schema import columns_checksum
from pipeline.steps.identity import Carried
from pipeline.steps.merge import FactTable
from pipeline.steps.normalise import OurNames
from pipeline.steps.persons import Found


class Validate(Protocol):
    """Decoded rows → usable rows, or a quality gate that failed."""

    def __call__(self, frame: pl.DataFrame, issues: IssueLog, *, synthetic: bool) -> pl.DataFrame:
        """Raises ``QualityGateFailed`` or ``SourceInvalid``."""


class Normalise(Protocol):
    """Usable rows → rows with our own keys beside the source's, and how they are written out."""

    def __call__(self, connection: asyncpg.Connection, frame: pl.DataFrame, issues: IssueLog) -> Awaitable[tuple[pl.DataFrame, OurNames]]:
        """Called inside the load's transaction."""


class FindPersons(Protocol):
    """Rows of nobody known → rows with ``person_id``, and what is to be written about these people."""

    def __call__(
        self, connection: asyncpg.Connection, rows: pl.DataFrame, run_id: int, carried: Carried, /, *, synthetic: bool
    ) -> Awaitable[Found]:
        """Called inside the load's transaction."""


@dataclass(frozen=True, slots=True)
class DatasetSource:
    """Everything a load needs to know about one data set."""

    table: FactTable
    validate: Validate
    normalise: Normalise
    find_persons: FindPersons

    @property
    def dataset(self) -> Dataset:
        """What is declared about it."""
        return self.table.dataset

    @property
    def columns_checksum(self) -> str:
        """What the code reads from a file, as a sha256: it differs as soon as a column is added, removed or declared otherwise."""
        return columns_checksum(self.dataset)


_SOURCES = {
    "draft_picks": DatasetSource(
        DRAFT_PICKS_TABLE, draft_picks_rules.validate, draft_picks_rules.normalise, draft_picks_matching.find_persons
    ),
    "combine": DatasetSource(COMBINE_TABLE, combine_rules.validate, combine_rules.normalise, combine_matching.find_persons),
}


def dataset_source(name: str) -> DatasetSource:
    """The data set of that name. Raises ``DraftQueenError`` naming those there are."""
    if name not in _SOURCES:
        raise DraftQueenError(f"Unknown data set {name}.", f"Choose one of {', '.join(_SOURCES)}.")
    return _SOURCES[name]
