"""What a question and its answer are, for the tests that ask them of the real files."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl


class Answer:
    """The content of a response, or what a command has printed."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    @property
    def value(self) -> Any:
        """One JSON value."""
        return json.loads(self.content)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The items of a page, or JSON Lines."""
        text = self.content.decode()
        return list(json.loads(text)["items"]) if text.startswith('{"items"') else [json.loads(line) for line in text.splitlines()]

    def column(self, name: str) -> list[Any]:
        """One field of every row."""
        return [row[name] for row in self.rows]

    @property
    def frame(self) -> pl.DataFrame:
        """The rows of a CSV file."""
        return pl.read_csv(BytesIO(self.content), infer_schema_length=None)


@dataclass(frozen=True)
class Raw:
    """The real files as polars reads them."""

    folder: Path

    @cached_property
    def picks(self) -> pl.DataFrame:
        return self._latest("nflverse/draft_picks_*.parquet")

    @cached_property
    def combine(self) -> pl.DataFrame:
        return self._latest("nflverse/combine_*.parquet")

    @cached_property
    def players(self) -> pl.DataFrame:
        return self._latest("nflverse/players_*.parquet")

    @cached_property
    def trades(self) -> pl.DataFrame:
        return self._latest("nflverse/trades_*.parquet")

    @cached_property
    def both(self) -> pl.DataFrame:
        """Combine entries with the selections of the same Pro-Football-Reference id; their season is that of the draft."""
        measured = self.combine.select("pfr_id", "pos", "ht", "wt", "forty", "cone").drop_nulls("pfr_id")
        return self.picks.join(measured, left_on="pfr_player_id", right_on="pfr_id")

    def _latest(self, pattern: str) -> pl.DataFrame:
        return pl.read_parquet(max(self.folder.glob(pattern)))


class AtLeast(NamedTuple):
    """Rows that must be among those found: people of whom the files have no common id are found, too."""

    rows: set[Any]


class Question(NamedTuple):
    """A question in short, where its answer is, and what must be found there: a value, or one computed from the files.

    ``asked`` is a URL below /api/v1, or a command that begins with ``dq``.
    """

    number: str
    words: str
    asked: str
    found: Callable[[Answer], Any]
    expected: Any
