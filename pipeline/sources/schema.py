"""How a source describes its columns and bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

Kind = Literal["integer", "decimal", "text", "boolean"]

POLARS_TYPES: dict[Kind, type[pl.DataType]] = {"integer": pl.Int32, "decimal": pl.Float64, "text": pl.String, "boolean": pl.Boolean}


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """One column of a source. ``required``: a row without it cannot be kept.

    ``low`` and ``high`` bound what is plausible, inclusive, in the column's own unit.
    """

    name: str
    kind: Kind
    required: bool = False
    low: float | None = None
    high: float | None = None

    @property
    def dtype(self) -> type[pl.DataType]:
        """The polars type that holds the column's values."""
        return POLARS_TYPES[self.kind]


@dataclass(frozen=True, slots=True)
class SourceSchema:
    """The columns of a dataset and the counts that any complete copy of it has.

    ``min_rows``, ``first_season`` and ``last_season_at_least`` hold for the real files, not for a synthetic league.
    ``max_rows_per_season`` is far above anything seen: more means that rows were doubled upstream.
    """

    dataset: str
    file_stem: str
    release_path: str
    columns: tuple[ColumnSpec, ...]
    min_rows: int
    first_season: int
    last_season_at_least: int
    max_rows_per_season: int
    #: Shares of a season's rows that may be missing compared with the load before, until it warns and until it fails.
    shrink_warns: float
    shrink_fails: float
    #: Share by which a season that is not the newest may grow.
    growth_fails: float
    #: Columns that rarely change once written; a load that changes more than a quarter of one is held for review.
    stable_columns: tuple[str, ...]
    #: A few columns that together hardly ever repeat; exact repetitions are looked for only among rows that agree in them.
    telling_columns: tuple[str, ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        """The source's columns in their order."""
        return tuple(column.name for column in self.columns)

    def of_kind(self, kind: Kind) -> tuple[str, ...]:
        """Names of the columns of one kind."""
        return tuple(column.name for column in self.columns if column.kind == kind)
