"""What the templates are given: values ready to be shown, no queries and no HTML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from app.listing.model import Row
    from app.people.schemas import CombineEntry
    from app.web.athletics_view import AthleticCard

#: What the start page has to say about the data: nothing loaded yet, a first load running, the real data, or the made-up league.
DataKind = Literal["empty", "loading", "real", "synthetic"]


@dataclass(frozen=True, slots=True)
class Link:
    """An address and its label; ``current`` when it leads to what is shown."""

    label: str
    url: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class DataStatus:
    """Where the data stand. ``running`` and ``problems`` are lines of the ledger, each with its data set and what there is to say.

    With ``problems`` the older data are still served.
    ``next_attempt_at`` is when the schedule tries again, after a load that did not succeed, and ``next_attempt`` a sentence that says so.
    """

    kind: DataKind
    datasets: Sequence[Mapping[str, object]]
    running: Sequence[tuple[str, str]]
    problems: Sequence[tuple[str, str]]
    next_attempt_at: datetime | None = None
    next_attempt: str | None = None

    @property
    def busy(self) -> bool:
        """Whether a load is under way, so that the page should look again by itself."""
        return bool(self.running)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a counting chart; ``share`` is its length in percent of the longest."""

    label: str
    count: int
    share: float
    url: str


@dataclass(frozen=True, slots=True)
class Facet:
    """Selections of a class that are alike in everything that a class can be filtered by, and how many there are."""

    round: int
    position_group: str
    franchise_slug: str
    team_name: str
    college_slug: str | None
    college: str | None
    count: int


@dataclass(frozen=True, slots=True)
class StartPage:
    """Everything on the start page. Without data ``season`` is None and the overview is empty."""

    status: DataStatus
    season: int | None
    season_total: int
    rounds: int
    top: Sequence[Row]
    groups: tuple[Bar, ...]
    decades: Mapping[str, Sequence[Link]]


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a filter."""

    value: str
    label: str
    selected: bool


@dataclass(frozen=True, slots=True)
class Column:
    """A column head of the class table; ``order`` is how the table is sorted by it now, ``url`` sorts by it or turns the order."""

    key: str
    label: str
    title: str
    numeric: bool
    order: Literal["ascending", "descending", "none"]
    url: str


@dataclass(frozen=True, slots=True)
class Filter:
    """One labelled select of the filter form."""

    name: str
    label: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class ClassPage:
    """One draft class, filtered, sorted, one page of it."""

    season: int
    synthetic: bool
    class_total: int
    rounds: int
    older: Link | None
    newer: Link | None
    seasons: tuple[Choice, ...]
    groups: tuple[Bar, ...]
    filters: tuple[Filter, ...]
    q: str
    sorts: tuple[Choice, ...]
    columns: tuple[Column, ...]
    picks: Sequence[Row]
    total: int
    first: int
    pages: tuple[Link, ...]
    previous: str | None
    next: str | None
    clear: str | None
    downloads: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """One player found by the search; ``facts`` is a short line that tells namesakes apart."""

    person_id: int
    name: str
    facts: str


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of search results."""

    query: str
    synthetic: bool
    total: int
    hits: tuple[Hit, ...]
    first: int
    previous: str | None
    next: str | None


class Selection(NamedTuple):
    """One selection, and what became of it: figures by their labels, below a heading; ``silent`` are the headings without any."""

    row: Row
    outcomes: Mapping[str, Mapping[str, str | None]]
    silent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """An open question about identity, in a sentence, with the card of the other person and the evidence."""

    sentence: str
    other_url: str
    evidence_url: str


@dataclass(frozen=True, slots=True)
class ValueHistory:
    """A value that loads have changed: which one, the values in words, and those of a number as steps in a drawing of 120 by 28."""

    label: str
    record: str
    words: str
    steps: str | None


@dataclass(frozen=True, slots=True)
class PlayerPage:
    """A player card. ``before_combines`` is the first combine season of the data when the player came before it.

    ``unselected`` is a heading and what is known of a player without a selection in the draft file.
    """

    person_id: int
    name: str
    position_name: str
    synthetic: bool
    summary: str
    selections: Sequence[Selection]
    combines: Sequence[CombineEntry]
    athletics: AthleticCard | None
    before_combines: int | None
    aliases: tuple[str, ...]
    external_ids: tuple[tuple[str, str], ...]
    questions: tuple[OpenQuestion, ...]
    born: str | None = None
    unselected: tuple[str, str] = ("", "")
    changed: tuple[ValueHistory, ...] = ()
