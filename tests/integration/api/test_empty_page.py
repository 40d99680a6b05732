"""What the start page says while there are no data, in development and in production."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from tests.integration.api.conftest import Api, serve

REASON = "https://data.example.org/draft_picks.parquet cannot be reached after 4 attempts. Check the network, or try again later."


@pytest.fixture
def api(database: str, tmp_path: Path) -> Iterator[Api]:
    with serve(database, tmp_path) as client:
        yield client


def unavailable(dsn: str, next_attempt_at: datetime | None) -> None:
    async def insert() -> None:
        connection = await asyncpg.connect(dsn)
        await connection.execute(
            "insert into load_run (source, dataset, trigger, state, finished_at, error, next_attempt_at)"
            " values ('draft_picks', 'draft_picks', 'schedule', 'skipped', now(), $1, $2)",
            REASON,
            next_attempt_at,
        )
        await connection.close()

    asyncio.run(insert())


def in_production(api: Api) -> None:
    api.change_settings(environment="production")


def test_it_says_why_and_when_the_next_attempt_comes(api: Api, database: str) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=9)
    unavailable(database, soon)
    for _ in range(2):
        page = api.get("/").text
        assert "No data yet" in page
        assert REASON in page
        assert f"The next attempt is at {soon:%H:%M} UTC" in page
        in_production(api)


def test_commands_are_for_those_who_can_run_them(api: Api, database: str) -> None:
    unavailable(database, None)
    assert "dq etl run --from" in api.get("/").text
    in_production(api)
    page = api.get("/").text
    assert "dq etl run" not in page
    assert "The data come from public files, which could not be loaded yet." in page


@pytest.mark.parametrize(
    ("after", "said"), [(timedelta(minutes=-1), "The next attempt is due now."), (timedelta(days=3), "UTC on ")], ids=["due", "another day"]
)
def test_the_time_is_said_in_full_when_it_is_not_today(api: Api, database: str, after: timedelta, said: str) -> None:
    unavailable(database, datetime.now(UTC) + after)
    assert said in api.get("/").text


def test_a_source_that_is_away_is_no_matter_for_readers_of_data(league: str, tmp_path: Path) -> None:
    unavailable(league, datetime.now(UTC) + timedelta(minutes=9))
    with serve(league, tmp_path) as api:
        in_production(api)
        page = api.get("/").text
    assert REASON not in page
    assert "every player is made up" in page
    assert "make run FROM" not in page


def test_the_ledger_offers_the_time_to_programs(api: Api, database: str) -> None:
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=9)
    unavailable(database, soon)
    [run] = api.items("etl/runs")
    assert run["next_attempt_at"] == soon.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("after", "seconds"),
    [(None, 2), (timedelta(seconds=10), 2), (timedelta(minutes=9), 30), (timedelta(hours=-1), 30)],
    ids=["unknown", "soon", "later", "overdue"],
)
def test_it_refreshes_rarely_while_no_attempt_is_near(api: Api, database: str, after: timedelta | None, seconds: int) -> None:
    unavailable(database, None if after is None else datetime.now(UTC) + after)
    assert f'hx-trigger="every {seconds}s"' in api.get("/").text
