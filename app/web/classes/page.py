"""One draft class as a page: its filters as parameters of the draft picks list, and the URLs that lead from here to there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Literal, TypeVar, cast
from urllib.parse import urlencode

from app.draft_picks.schemas import DraftPickParameters
from app.web.elements import Bar, Choice, ClassPage, Column, Facet, Filter, Link
from app.web.parameters import pages_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from app.listing.model import Row
    from app.listing.parameters import Group

K = TypeVar("K")

PAGE_SIZE = 50
#: Longest text a filter takes, as in the search box.
MAX_TEXT = 100
GROUP_NAMES = {
    "QB": "Quarterbacks",
    "RB": "Running backs",
    "WR": "Receivers",
    "TE": "Tight ends",
    "OL": "Offensive line",
    "DL": "Defensive line",
    "LB": "Linebackers",
    "DB": "Defensive backs",
    "ST": "Specialists",
}


@dataclass(frozen=True, slots=True)
class SortField:
    """A way to sort: the column's label here, its name in the API, and which end people want to see first."""

    label: str
    title: str
    api: str
    numeric: bool
    first: Literal["ascending", "descending"]


SORTS: dict[str, SortField] = {
    "pick": SortField("Pick", "Overall pick", "pick", True, "ascending"),
    "name": SortField("Player", "Player", "pfr_player_name", False, "ascending"),
    "position": SortField("Pos", "Position", "position_leaf", False, "ascending"),
    "team": SortField("Team", "Team", "team", False, "ascending"),
    "college": SortField("College", "College", "college_name", False, "ascending"),
    "age": SortField("Age", "Age at the draft", "age", True, "ascending"),
    "games": SortField("Games", "Games played", "games", True, "descending"),
    "seasons_started": SortField("Starter", "Seasons as starter", "seasons_started", True, "descending"),
    "probowls": SortField("Pro Bowls", "Pro Bowls", "probowls", True, "descending"),
    "w_av": SortField("Value", "Weighted career value", "w_av", True, "descending"),
}


class BadFilter(ValueError):
    """An invalid parameter of the page: the message names it and says what is allowed."""


@dataclass(frozen=True, slots=True)
class ClassFilter:
    """The state of a class page, as its URL has it. Empty strings and None filter nothing."""

    season: int
    round: int | None = None
    franchise: str = ""
    group: str = ""
    college: str = ""
    q: str = ""
    sort: str = "pick"
    page: int = 1

    @property
    def narrowed(self) -> bool:
        """Whether any filter is set."""
        return bool(self.round or self.franchise or self.group or self.college or self.q)

    def parameters(self) -> dict[str, str]:
        """Return what differs from the bare class, in a fixed order."""
        pairs = {
            "round": str(self.round or ""),
            "franchise": self.franchise,
            "group": self.group,
            "college": self.college,
            "q": self.q,
            "sort": "" if self.sort == "pick" else self.sort,
            "page": "" if self.page == 1 else str(self.page),
        }
        return {name: value for name, value in pairs.items() if value}

    def url(self) -> str:
        """Return the canonical URL of this state."""
        query = urlencode(self.parameters())
        return f"/classes/{self.season}" + (f"?{query}" if query else "")

    def picks(self, fields: Sequence[str], limit: int) -> DraftPickParameters:
        """Return the parameters of the draft picks list for this state."""
        return DraftPickParameters(
            season=self.season,
            round=self.round,
            franchise=self.franchise or None,
            group=cast("Group | None", self.group or None),
            college=self.college or None,
            q=self.q or None,
            sort=self._api_sort(),
            fields=",".join(fields),
            limit=limit,
        )

    def _api_sort(self) -> str:
        return ("-" if self.sort.startswith("-") else "") + SORTS[self.sort.removeprefix("-")].api

    def download_url(self, file_format: str) -> str:
        """Return the API's URL for every row of this state, in this order."""
        pairs = {name: value for name, value in self.parameters().items() if name != "page"}
        pairs["sort"] = self._api_sort()
        return "/api/v1/draft-picks?" + urlencode({"season": self.season, **pairs, "format": file_format})


#: What the query string of the page may have.
PARAMETERS = tuple(field.name for field in fields(ClassFilter) if field.name != "season")


def parse_filter(season: int, query: Mapping[str, str]) -> ClassFilter:
    """Read a page's query string.

    Raises:
        BadFilter: a round or page that is not a number from 1, an unknown sort, or a text of more than ``MAX_TEXT`` characters.
    """
    texts = {name: query.get(name, "").strip() for name in ("franchise", "group", "college", "q")}
    for name, value in texts.items():
        if len(value) > MAX_TEXT or "\0" in value:
            raise BadFilter(f"“{name}” can have at most {MAX_TEXT} characters.")
    sort = query.get("sort") or "pick"
    if sort.removeprefix("-") not in SORTS:
        raise BadFilter(f"A class can be sorted by {', '.join(SORTS)}. A leading minus sign reverses the order.")
    return ClassFilter(
        season=season, round=_positive("round", query, most=12), sort=sort, page=_positive("page", query, most=10_000) or 1, **texts
    )


def _positive(name: str, query: Mapping[str, str], most: int) -> int | None:
    text = query.get(name, "").strip()
    if not text:
        return None
    # the length first: Python refuses to read numbers of thousands of digits
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not 1 <= int(text) <= most:
        raise BadFilter(f"“{name}” must be a number from 1 to {most:,}, not “{text[:40]}”.")
    return int(text)


def offered(facets: Iterable[Facet], wanted: ClassFilter) -> bool:
    """Return True when the class has selections with each of the chosen values, so that the list knows all of them."""
    return any(
        wanted.round in (None, each.round)
        and wanted.franchise in ("", each.franchise_slug)
        and wanted.group in ("", each.position_group)
        and wanted.college in ("", each.college_slug)
        for each in facets
    )


def class_page(facets: Sequence[Facet], found: Sequence[Row], seasons: Sequence[int], wanted: ClassFilter, *, synthetic: bool) -> ClassPage:
    """Return everything on the page of one class.

    ``facets`` describe the whole class, ``found`` are the selections that pass the filter, in its order, ``seasons`` every class there is,
    newest first.
    """
    place = pages_of(lambda number: replace(wanted, page=number).url(), wanted.page, len(found), PAGE_SIZE)
    here = seasons.index(wanted.season)
    kept = replace(wanted, page=1)
    return ClassPage(
        season=wanted.season,
        synthetic=synthetic,
        class_total=sum(each.count for each in facets),
        rounds=len({each.round for each in facets}),
        older=_neighbour(kept, seasons, here + 1),
        newer=_neighbour(kept, seasons, here - 1),
        seasons=tuple(Choice(str(season), str(season), season == wanted.season) for season in seasons),
        groups=group_bars(facets, wanted.season),
        filters=_filters(facets, wanted),
        q=wanted.q,
        sorts=_sort_choices(wanted.sort),
        columns=tuple(_column(key, kept) for key in SORTS),
        picks=found[place.first - 1 : place.first - 1 + PAGE_SIZE],
        total=len(found),
        **place._asdict(),
        clear=ClassFilter(wanted.season, sort=wanted.sort).url() if wanted.narrowed else None,
        downloads=tuple(Link(label, wanted.download_url(label.lower())) for label in ("CSV", "JSON")),
    )


def group_bars(facets: Iterable[Facet], season: int) -> tuple[Bar, ...]:
    """Return how many selections each position group got, in the order people list the groups."""
    counts = _counted((each.position_group, each.count) for each in facets)
    most = max(counts.values(), default=1)
    return tuple(
        Bar(group, counts[group], round(100 * counts[group] / most, 2), ClassFilter(season, group=group).url())
        for group in GROUP_NAMES
        if counts[group]
    )


def _counted(pairs: Iterable[tuple[K, int]]) -> Counter[K]:
    counts: Counter[K] = Counter()
    for key, count in pairs:
        counts[key] += count
    return counts


def _neighbour(wanted: ClassFilter, seasons: Sequence[int], index: int) -> Link | None:
    if not 0 <= index < len(seasons):
        return None
    return Link(str(seasons[index]), replace(wanted, season=seasons[index]).url())


def _filters(facets: Sequence[Facet], wanted: ClassFilter) -> tuple[Filter, ...]:
    rounds = _counted(((str(each.round), f"Round {each.round}"), each.count) for each in facets)
    clubs = _counted(((each.franchise_slug, each.team_name), each.count) for each in facets)
    groups = _counted(((each.position_group, GROUP_NAMES.get(each.position_group, each.position_group)), each.count) for each in facets)
    colleges = _counted(((each.college_slug, each.college or ""), each.count) for each in facets if each.college_slug)
    return (
        _filter("round", "Round", "All rounds", rounds, str(wanted.round or ""), by_label=False),
        _filter("franchise", "Franchise", "All franchises", clubs, wanted.franchise),
        _filter("group", "Position group", "All positions", groups, wanted.group),
        _filter("college", "College", "All colleges", colleges, wanted.college),
    )


def _filter(name: str, label: str, every: str, counts: Counter[tuple[str, str]], chosen: str, *, by_label: bool = True) -> Filter:
    """Build a select with counts. A choice that this class does not have stays in the list, so that the form matches the URL."""
    found = sorted(counts.items(), key=lambda item: item[0][1].casefold() if by_label else item[0][0].zfill(3))
    choices = [Choice("", every, not chosen)]
    choices += [Choice(value, f"{text} ({count})", value == chosen) for (value, text), count in found]
    if chosen and not any(choice.selected for choice in choices):
        choices.append(Choice(chosen, f"{chosen} (0)", selected=True))
    return Filter(name, label, tuple(choices))


def _sort_choices(current: str) -> tuple[Choice, ...]:
    choices = []
    for key, field in SORTS.items():
        value = key if field.first == "ascending" else f"-{key}"
        choices.append(Choice(value, field.title, value == current))
    if not any(choice.selected for choice in choices):
        choices.append(Choice(current, f"{SORTS[current.removeprefix('-')].title}, turned round", selected=True))
    return tuple(choices)


def _column(key: str, wanted: ClassFilter) -> Column:
    """Build a heading that sorts by its column, starting with the more useful end, and reverses the order when pressed again."""
    field = SORTS[key]
    current: Literal["ascending", "descending", "none"] = "none"
    if wanted.sort.removeprefix("-") == key:
        current = "descending" if wanted.sort.startswith("-") else "ascending"
    following = field.first if current == "none" else ("ascending" if current == "descending" else "descending")
    sort = f"-{key}" if following == "descending" else key
    return Column(key, field.label, field.title, field.numeric, current, replace(wanted, sort=sort).url())
