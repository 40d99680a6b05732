"""From the database to what a page shows; one function per page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from app.athletics import service as athletics
from app.athletics.schemas import ComparablesParameters
from app.datasets import DATASETS
from app.datasets.draft_picks import DRAFT_PICKS
from app.draft_picks.queries import LISTING
from app.history.schemas import HistoryParameters
from app.history.service import history
from app.listing.filters import search_patterns
from app.listing.query import query_list
from app.names import name_key
from app.people import service as people
from app.web import queries
from app.web.classes.page import ClassFilter, class_page, group_bars, offered
from app.web.elements import (
    ClassPage,
    DataStatus,
    Facet,
    Hit,
    Link,
    PlayerPage,
    SearchPage,
    StartPage,
)
from app.web.formatting import moment, number
from app.web.players.athletics import athletic_card
from app.web.players.page import PICK_FIELDS, hit_facts, player_page, with_team_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

    from app.athletics.schemas import VisitParameters
    from app.context import ServiceContext
    from app.listing.model import Row
    from app.listing.query import ListQuery
    from app.web.elements import DataKind

#: A load that has been "running" for longer than this was killed; the ledger will say so when the next one starts.
LONGEST_LOAD = timedelta(minutes=30)
#: How many of the first picks the start page shows.
TOP_PICKS = 12
#: Most rows that are read at once, which is the limit of the lists.
LARGEST_PAGE = 1000
#: Players on one page of search results, and options below the search box.
SEARCH_PAGE_SIZE = 25
SUGGESTIONS = 7
#: Comparables on a player card.
MOST_ALIKE = 8


async def start_page(context: ServiceContext) -> StartPage:
    """Return the start page: where the data stand and the latest class; also before any data are loaded."""
    status = await data_status(context)
    seasons = await class_seasons(context)
    facets = await class_facets(context, seasons[0]) if seasons else []
    top = await class_picks(context, ClassFilter(seasons[0]), TOP_PICKS) if facets else []
    return StartPage(
        status=status,
        season=seasons[0] if facets else None,
        season_total=sum(each.count for each in facets),
        rounds=len({each.round for each in facets}),
        top=tuple(top),
        groups=group_bars(facets, seasons[0]) if facets else (),
        decades={
            f"{decade}s": [Link(str(season), f"/classes/{season}") for season in sorted(members)]
            for decade, members in groupby(seasons, key=lambda season: season // 10 * 10)
        },
    )


async def data_status(context: ServiceContext) -> DataStatus:
    """Return what is loaded, what is being loaded, and what went wrong last, according to the ledger."""
    loaded = await context.database.fetch(queries.DATASETS)
    runs = await context.database.fetch(queries.LATEST_RUNS)
    now = datetime.now(UTC)
    next_attempt_at = min((run["next_attempt_at"] for run in runs if run["next_attempt_at"] is not None), default=None)
    running = tuple(_running(run) for run in runs if run["state"] == "running" and now - run["started_at"] < LONGEST_LOAD)
    return DataStatus(
        kind=_kind(loaded, runs, busy=bool(running)),
        datasets=[{**row, "label": _rows_of(row["dataset"])} for row in loaded],
        running=running,
        # that the source cannot be reached matters to readers only while there is nothing else to show
        problems=tuple(_problem(run) for run in runs if run["state"] in ("failed", "held") or (run["state"] == "skipped" and not loaded)),
        next_attempt_at=None if running else next_attempt_at,
        next_attempt=None if running or next_attempt_at is None else _next_attempt(next_attempt_at.astimezone(UTC), now),
    )


def _next_attempt(at: datetime, now: datetime) -> str:
    """Return a sentence with the time (UTC) of the schedule's next attempt."""
    if at <= now:
        return "The next attempt is due now."
    return f"The next attempt is at {at:%H:%M} UTC{'' if at.date() == now.date() else f' on {at:%-d %B}'}."


def _kind(loaded: Sequence[asyncpg.Record], runs: Sequence[asyncpg.Record], *, busy: bool) -> DataKind:
    if loaded:
        return "synthetic" if any(row["synthetic"] for row in loaded) else "real"
    return "loading" if busy or not runs else "empty"


def _label(run: asyncpg.Record) -> str:
    return _rows_of(run["dataset"]).capitalize()


def _rows_of(name: str) -> str:
    """Name the rows of a data set; one that this version does not know keeps its name."""
    return DATASETS[name].rows if name in DATASETS else name


def _running(run: asyncpg.Record) -> tuple[str, str]:
    text = f"step “{run['step']}”" if run["step"] else "starting"
    if run["rows_read"] is not None:
        text += f", {number(run['rows_read'])} rows read"
    return _label(run), f"{text}, since {moment(run['started_at'])}"


def _problem(run: asyncpg.Record) -> tuple[str, str]:
    state = {"held": "held for review", "skipped": "not available"}.get(run["state"], "failed")
    return _label(run), f"{state} on {moment(run['finished_at'] or run['started_at'])}. {run['error'] or ''}".strip()


async def class_seasons(context: ServiceContext) -> list[int]:
    """List every season with a draft class, newest first."""
    return [row["season"] for row in await context.database.fetch(queries.SEASONS)]


async def class_facets(context: ServiceContext, season: int) -> list[Facet]:
    """Return what the selections of one class can be filtered by; nothing for a class that does not exist."""
    return [Facet(**row) for row in await context.database.fetch(queries.CLASS_FACETS, {"season": season})]


async def class_picks(context: ServiceContext, wanted: ClassFilter, limit: int | None = None) -> list[Row]:
    """Return the selections of one class that pass the filter, in its order, as the list of draft picks has them.

    At most ``limit`` of them, by default all. A name without a letter or digit matches no selection.

    Raises:
        InvalidParameter: the list does not know another value of the filter.
    """
    if wanted.q and not name_key(wanted.q):
        return []
    query = await query_list(context, DRAFT_PICKS, LISTING, wanted.picks(PICK_FIELDS, limit or LARGEST_PAGE))
    rows = await every_row(query) if limit is None else (await query.page()).items
    references = await context.references(query.version)
    return [with_team_names(row, references) for row in rows]


async def every_row(query: ListQuery) -> list[Row]:
    """Return the rows of all pages of a list.

    Raises:
        InvalidParameter: unknown field or unknown sort.
        DatabaseUnavailable: the database did not respond.
    """
    page = await query.page()
    rows = list(page.items)
    while page.next is not None:
        page = await replace(query, parameters=query.parameters.model_copy(update={"cursor": page.next})).page()
        rows += page.items
    return rows


async def draft_class(context: ServiceContext, wanted: ClassFilter) -> ClassPage | None:
    """Return the page of one class; None if it does not exist."""
    seasons = await class_seasons(context)
    if wanted.season not in seasons:
        return None
    version = await context.version()
    facets = await class_facets(context, wanted.season)
    found = await class_picks(context, wanted) if offered(facets, wanted) else []
    return class_page(facets, found, seasons, wanted, synthetic=version.synthetic)


async def search(context: ServiceContext, query: str, page: int = 1, size: int = SEARCH_PAGE_SIZE) -> SearchPage:
    """Find players by the beginnings of the words of a name; none for a query without a letter or digit."""
    key = name_key(query)
    first = (page - 1) * size
    rows: Sequence[asyncpg.Record] = ()
    if key:
        values = {"q": search_patterns(query), "key": key, "limit": size, "offset": first}
        rows = await context.database.fetch(queries.SEARCH, values)
    total = rows[0]["total"] if rows else 0
    version = await context.version()
    return SearchPage(
        query=query,
        synthetic=version.synthetic,
        total=total,
        hits=tuple(Hit(row["person_id"], row["name"], hit_facts(row)) for row in rows),
        first=first + 1,
        previous=search_url(query, page - 1) if page > 1 else None,
        next=search_url(query, page + 1) if first + len(rows) < total else None,
    )


def search_url(query: str, page: int = 1) -> str:
    """Return the URL of a page of search results."""
    return "/search?" + urlencode({"q": query, **({"page": page} if page > 1 else {})})


async def player(context: ServiceContext, person_id: int, parameters: VisitParameters) -> PlayerPage:
    """Return a player card.

    Raises:
        NotFound: the id does not exist.
        InvalidParameter: the person was not at the combine of ``visit``.
    """
    person = await people.detail(context, person_id)
    card = athletic_card(
        await athletics.percentiles(context, person_id, parameters),
        await athletics.athletic_score(context, person_id, parameters),
        await athletics.comparables(context, person_id, ComparablesParameters(**dict(parameters), limit=MOST_ALIKE)),
        earlier_only=parameters.earlier_only,
    )
    changed = await history(context, person_id, HistoryParameters(changed=True))
    references = await context.references(await context.version())
    first_seasons = {row["dataset"]: row["first_season"] for row in await context.database.fetch(queries.DATASETS)}
    return player_page(person, references, first_seasons.get("combine"), card, changed)
