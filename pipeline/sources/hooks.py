"""What is special about a data set. Everything else about a load follows from its declaration in ``app.datasets``.

``pipeline.sources.<data set>`` holds the special cases as ``HOOKS``; a data set that has none needs no module here.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol

import asyncpg
import polars as pl

from app.datasets import DATASETS, listed
from app.datasets.model import Dataset
from app.errors import DraftQueenError
from pipeline.issues import IssueLog
from pipeline.steps.export import Describe
from pipeline.steps.identity import Carried
from pipeline.steps.merge import Recognition
from pipeline.steps.persons import Found
from pipeline.steps.validate import usable_rows


class Validate(Protocol):
    """Decoded rows → usable rows, or a quality gate that failed. Needs no database."""

    def __call__(self, dataset: Dataset, frame: pl.DataFrame, issues: IssueLog, *, synthetic: bool) -> pl.DataFrame:
        """Return the usable rows.

        Raises:
            QualityGateFailed, SourceInvalid: the file must not be loaded.
        """


class Normalise(Protocol):
    """Usable rows → rows with our own keys next to the source's columns, and how those keys are written out, if they are."""

    def __call__(
        self, connection: asyncpg.Connection, frame: pl.DataFrame, issues: IssueLog
    ) -> Awaitable[tuple[pl.DataFrame, Describe | None]]:
        """Add our keys to the rows, inside the load's transaction."""


class FindPersons(Protocol):
    """Rows that are not stored yet → rows with ``person_id``, and what to write about these people."""

    def __call__(
        self, connection: asyncpg.Connection, rows: pl.DataFrame, run_id: int, carried: Carried, /, *, synthetic: bool
    ) -> Awaitable[Found]:
        """Find the person of each row, inside the load's transaction."""


@dataclass(frozen=True, slots=True)
class PeopleHooks:
    """The people of a data set: who the rows belong to, and how a person's row is recognised.

    Rows with a key of their own need no ``recognition``: their persons are found, and written, before the rows are compared.
    """

    find: FindPersons
    recognition: Recognition | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of all rows that the API reads: ``make`` runs in a thread without the database, ``write`` replaces those that are stored."""

    make: Callable[[pl.DataFrame], pl.DataFrame]
    write: Callable[[asyncpg.Connection, pl.DataFrame], Awaitable[None]]


async def _as_they_are(connection: asyncpg.Connection, frame: pl.DataFrame, issues: IssueLog) -> tuple[pl.DataFrame, None]:  # noqa: ARG001
    """Leave rows without our codes unchanged."""
    return frame, None


@dataclass(frozen=True, slots=True)
class Hooks:
    """The special cases of a data set; what is not given here is done as for every keyed table.

    ``follows``: the data sets whose rows decide what the rows of this one mean. When one of them has changed, an unchanged file is read
    again.
    """

    validate: Validate = usable_rows
    normalise: Normalise = _as_they_are
    people: PeopleHooks | None = None
    figures: Figures | None = None
    follows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A data set as a load sees it: what is declared about it, and what is special."""

    dataset: Dataset
    hooks: Hooks


def source_of(name: str) -> Source:
    """Return the data set with that name.

    Raises:
        DraftQueenError: the name is unknown; the message lists the known ones.
    """
    if name not in DATASETS:
        raise DraftQueenError(f"Unknown data set {name}.", f"Choose one of {listed()}.")
    module = f"pipeline.sources.{name}"
    hooks = import_module(module).HOOKS if find_spec(module) is not None else Hooks()
    if not isinstance(hooks, Hooks):
        raise TypeError(f"{module}.HOOKS is not an instance of Hooks")
    return Source(DATASETS[name], hooks)
