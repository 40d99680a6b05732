"""One draft class as a page: its parameters, and the URLs that lead from here to there."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlencode

from pydantic import AfterValidator, Field

from app.errors.wording import in_parentheses
from app.listing.model import Row
from app.listing.parameters import FilterText, Group, Several
from app.web.classes.queries import Facet
from app.web.elements import Bar, Choice, Filter, Link, Pages, pages_of, select
from app.web.parameters import Given, P, PageParameters
from app.web.wording import GROUP_NAMES

K = TypeVar("K")

PAGE_SIZE = 50


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


def _known(sort: str) -> str:
    if sort.removeprefix("-") not in SORTS:
        near = in_parentheses(sort.removeprefix("-"), SORTS)
        raise ValueError(f"must be one of {', '.join(SORTS)}{near}; a leading minus sign reverses the order")
    return sort


class ClassParameters(PageParameters):
    """What of a class is shown, its order and its page. One that exists but is not in the class finds nothing."""

    round: Several[Annotated[int, Field(ge=1, le=12)]] | None = None
    franchise: Several[FilterText] | None = None
    group: Several[Group] | None = None
    college: Several[FilterText] | None = None
    q: FilterText | None = None
    sort: Annotated[str, AfterValidator(_known)] = "pick"

    @property
    def filters(self) -> dict[str, str]:
        """The filters that are set, as they are written."""
        given = self.model_dump(exclude={"sort", "page"}, exclude_none=True)
        return {name: ",".join(map(str, value)) if isinstance(value, tuple) else value for name, value in given.items()}

    @property
    def list_parameters(self) -> dict[str, str]:
        """The filters and the order, for the list of draft picks."""
        return {**self.filters, "sort": ("-" if self.sort.startswith("-") else "") + SORTS[self.sort.removeprefix("-")].api}


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
class ClassPage:
    """One draft class, filtered, sorted, one page of it."""

    season: int
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
    place: Pages
    clear: str | None
    downloads: tuple[Link, ...]


def class_page(
    season: int, given: Given[ClassParameters], facets: Sequence[Facet], found: Sequence[Row], seasons: Sequence[int]
) -> ClassPage:
    """Return everything on the page of one class.

    ``facets`` describe the whole class, ``found`` are the selections that pass the filters, in their order, ``seasons`` every class there
    is, newest first.
    """
    wanted = given.parameters
    place = pages_of(given.page_url, wanted.page, len(found), PAGE_SIZE)
    older, newer = neighbours(given, season, seasons)
    api = {"season": season, **wanted.list_parameters}
    return ClassPage(
        season=season,
        class_total=sum(each.count for each in facets),
        rounds=len({each.round for each in facets}),
        older=older,
        newer=newer,
        seasons=tuple(Choice(str(each), str(each), each == season) for each in seasons),
        groups=group_bars(facets, season),
        filters=_filters(facets, wanted.filters),
        q=wanted.q or "",
        sorts=_sort_choices(wanted.sort),
        columns=tuple(_column(key, given) for key in SORTS),
        picks=found[place.first - 1 :][:PAGE_SIZE],
        total=len(found),
        place=place,
        clear=given.url(**dict.fromkeys(wanted.filters, ""), page="") if wanted.filters else None,
        downloads=tuple(Link(label, f"/api/v1/draft-picks?{urlencode({**api, 'format': label.lower()})}") for label in ("CSV", "JSON")),
    )


def neighbours(given: Given[P], season: int, seasons: Sequence[int]) -> tuple[Link | None, Link | None]:
    """Return the links to the same page of the class before and of the class after."""
    here = seasons.index(season)

    def link(index: int) -> Link | None:
        if not 0 <= index < len(seasons):
            return None
        other = str(seasons[index])
        return Link(other, replace(given, path=given.path.replace(str(season), other, 1)).url(page=""))

    return link(here + 1), link(here - 1)


def group_bars(facets: Iterable[Facet], season: int) -> tuple[Bar, ...]:
    """Return how many selections each position group got, in the order people list the groups."""
    counts = _counted((each.position_group, each.count) for each in facets)
    most = max(counts.values(), default=1)
    return tuple(
        Bar(group, counts[group], round(100 * counts[group] / most, 2), f"/classes/{season}?group={group}")
        for group in GROUP_NAMES
        if counts[group]
    )


def _counted(pairs: Iterable[tuple[K, int]]) -> Counter[K]:
    counts: Counter[K] = Counter()
    for key, count in pairs:
        counts[key] += count
    return counts


def _filters(facets: Sequence[Facet], wanted: Mapping[str, str]) -> tuple[Filter, ...]:
    rounds = _counted(((str(each.round), f"Round {each.round}"), each.count) for each in facets)
    clubs = _counted(((each.franchise_slug, each.team_name), each.count) for each in facets)
    groups = _counted(((each.position_group, GROUP_NAMES.get(each.position_group, each.position_group)), each.count) for each in facets)
    colleges = _counted(((each.college_slug, each.college or ""), each.count) for each in facets if each.college_slug)
    return (
        _filter("round", "Round", "All rounds", rounds, wanted.get("round"), by_label=False),
        _filter("franchise", "Franchise", "All franchises", clubs, wanted.get("franchise")),
        _filter("group", "Position group", "All positions", groups, wanted.get("group")),
        _filter("college", "College", "All colleges", colleges, wanted.get("college")),
    )


def _filter(name: str, label: str, every: str, counts: Counter[tuple[str, str]], chosen: str | None, *, by_label: bool = True) -> Filter:
    """Build a select with counts."""
    found = sorted(counts.items(), key=lambda item: item[0][1].casefold() if by_label else item[0][0].zfill(3))
    return select(name, label, every, ((value, f"{text} ({count})") for (value, text), count in found), chosen or "")


def _sort_choices(current: str) -> tuple[Choice, ...]:
    choices = []
    for key, field in SORTS.items():
        value = key if field.first == "ascending" else f"-{key}"
        choices.append(Choice(value, field.title, value == current))
    if not any(choice.selected for choice in choices):
        choices.append(Choice(current, f"{SORTS[current.removeprefix('-')].title}, turned round", selected=True))
    return tuple(choices)


def _column(key: str, given: Given[ClassParameters]) -> Column:
    """Build a heading that sorts by its column, starting with the more useful end, and reverses the order when pressed again."""
    field, sort = SORTS[key], given.parameters.sort
    current: Literal["ascending", "descending", "none"] = "none"
    if sort.removeprefix("-") == key:
        current = "descending" if sort.startswith("-") else "ascending"
    following = field.first if current == "none" else ("ascending" if current == "descending" else "descending")
    turned = f"-{key}" if following == "descending" else key
    return Column(key, field.label, field.title, field.numeric, current, given.url(sort="" if turned == "pick" else turned, page=""))
