"""The start page: where the data stand according to the ledger, and the latest class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Literal

import asyncpg

from app.context import ServiceContext
from app.datasets import DATASETS
from app.listing.model import Row
from app.web.classes.page import group_bars
from app.web.classes.queries import class_facets, class_picks, class_seasons
from app.web.elements import Bar, Link
from app.web.formatting import moment, number
from app.web.loaded import LOADED_DATASETS
from app.web.start.queries import LATEST_RUNS

#: What there is to say about the data: nothing loaded yet, a first load running, the real data, or the made-up league.
DataKind = Literal["empty", "loading", "real", "synthetic"]
#: A load that has been "running" for longer than this was killed; the ledger will say so when the next one starts.
LONGEST_LOAD = timedelta(minutes=30)
#: How many of the first picks are shown.
TOP_PICKS = 12
#: Seconds after which the page refreshes: without data, while the next attempt to load some is further away than this (or
#: overdue by more), and while a load is running and the previous data are served.
REFRESH_WITHOUT_DATA = 2
REFRESH_WHILE_WAITING = 30
REFRESH_WHILE_LOADING = 4


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

    @property
    def refresh(self) -> int | None:
        """Seconds after which the page refreshes."""
        if self.status.kind in ("loading", "empty"):
            at = self.status.next_attempt_at
            waiting = at is not None and abs(at - datetime.now(UTC)).total_seconds() > REFRESH_WHILE_WAITING
            return REFRESH_WHILE_WAITING if waiting else REFRESH_WITHOUT_DATA
        return REFRESH_WHILE_LOADING if self.status.running else None


async def start_page(context: ServiceContext) -> StartPage:
    """Return the start page; also before any data are loaded."""
    status = await _data_status(context)
    seasons = await class_seasons(context)
    facets = await class_facets(context, seasons[0]) if seasons else []
    top = await class_picks(context, seasons[0], {"sort": "pick"}, TOP_PICKS) if facets else []
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


async def _data_status(context: ServiceContext) -> DataStatus:
    """Return what is loaded, what is being loaded, and what went wrong last, according to the ledger."""
    rows = {row["dataset"]: row for row in await context.database.fetch(LOADED_DATASETS)}
    loaded = [rows[name] for name in (*DATASETS, *sorted(rows.keys() - DATASETS.keys())) if name in rows]
    runs = await context.database.fetch(LATEST_RUNS)
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
