"""The start page while there are no data, while they load, after a load that failed, and when the database is away."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncpg
import pytest

from tests.conftest import run_apart
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.conftest import Site, Visit
    from tests.conftest import Server

BROWSER = {"accept": "text/html"}
RUNNING = """
    insert into load_run (source, dataset, trigger, state, step, rows_read)
    values ('sample', 'draft_picks', 'start', 'running', 'stage', 1770)
"""
FAILED = """
    insert into load_run (source, dataset, trigger, state, finished_at, error)
    values ('draft_picks', 'draft_picks', 'schedule', 'failed', now(), 'The file has no column <pick>.')
"""
LOADED = """
    update load_run set state = 'loaded', finished_at = now();
    insert into franchise values (1, 'AAA', 'aces', 'Anytown Aces', 'AFC', 'East');
    insert into position values ('QB', 'QB', 'QB', 'O');
    insert into person (person_id, name, name_key, position, first_season, last_season, first_run_id)
        values (1, 'Una First', 'una first', 'QB', 2026, 2026, 1);
    insert into draft_pick (season, round, pick, team, pfr_player_name, hof, position, franchise_id, person_id, run_id)
        values (2026, 1, 1, 'AAA', 'Una First', false, 'QB', 1, 1, 1);
    insert into season_count values ('draft_picks', 2026, 1);
    insert into dataset (dataset, version, row_count, synthetic, checksum, run_id) values ('draft_picks', 1, 1, false, 'x', 1);
    notify dataset_changed;
"""


def _run(dsn: str, *statements: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(dsn)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    run_apart(lambda: asyncio.run(run()))


def _start(site: Site) -> str:
    answer = site.get(headers=BROWSER)
    assert answer.status_code == 200
    return answer.text


@pytest.mark.xdist_group("browser")
def test_the_synthetic_league_is_named_as_made_up(site: Site) -> None:
    page = _start(site)
    assert "every player is made up" in page
    assert "Data: nflverse" not in page
    player = site.get("/people/900002").text
    assert "Synthetic player" in player
    assert "Synthetic league" in site.get("/classes/2026").text
    for path in ("/people/900002", "/classes/2026", "/search?q=a", "/nothing"):
        assert "Data: nflverse" not in site.get(path, headers=BROWSER).text


def test_the_real_data_are_attributed_on_every_page(serve_database: Callable[[str], Site], real: str) -> None:
    site = serve_database(real)
    page = _start(site)
    assert "Data: nflverse / Pro-Football-Reference, CC-BY-4.0" in page
    assert "<b>12,927</b> selections, 1980–2026" in page
    assert "made up" not in page
    for path in ("/classes/2020", "/people/1", "/search?q=brady"):
        assert "Data: nflverse / Pro-Football-Reference, CC-BY-4.0" in site.get(path).text
    found = site.get("/search?q=amare+barno").text
    assert "1 player found" in found
    card = found.partition('href="/people/')[2].partition('"')[0]
    assert "Amaré Barno" in site.get(f"/people/{card}").text
    assert "255 selections in 7 rounds" in site.get("/classes/2020").text


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_a_page_opened_during_the_first_load_fills_itself(
    database: str, serve_database: Callable[[str], Site], visit: Callable[..., Visit]
) -> None:
    expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
    site = serve_database(database)
    page = visit(site.url).open("/")
    expect(page.get_by_role("main")).to_contain_text("Waiting for the first load")
    page.get_by_label("Search for a player by name").fill("una")
    _run(database, RUNNING)
    expect(page.get_by_role("main")).to_contain_text("Loading the data")
    expect(page.get_by_role("main")).to_contain_text("step “stage”, 1,770 rows read")
    _run(database, LOADED)
    expect(page.get_by_role("heading", name="Class of 2026")).to_be_visible()
    expect(page.locator(".top-pick")).to_contain_text("Una First")
    expect(page.get_by_label("Search for a player by name")).to_have_value("una")  # what was typed meanwhile is still there
    expect(page.locator("#live[hx-trigger]")).to_have_count(0)  # and it has stopped looking


def test_without_data_every_page_says_so_and_a_failed_load_says_why(database: str, serve_database: Callable[[str], Site]) -> None:
    site = serve_database(database)
    assert '<noscript><meta http-equiv="refresh"' in _start(site)
    assert site.get("/classes", headers=BROWSER).status_code == 404
    assert "0 players found" in site.get("/search?q=a", headers=BROWSER).text
    _run(database, FAILED)
    page = _start(site)
    assert "No data yet" in page
    assert "The file has no column &lt;pick&gt;." in page
    assert "dq etl run --from" in page


def test_after_a_failed_load_the_old_data_are_served_and_the_page_says_so(league: str, serve_database: Callable[[str], Site]) -> None:
    _run(league, FAILED)
    page = _start(serve_database(league))
    assert "The last load did not succeed; the previous data remain available" in page
    assert "The file has no column &lt;pick&gt;." in page
    assert "Class of 2026" in page


def test_while_the_database_is_away_there_is_a_page_and_it_comes_back(
    server: Server, migrated: str, serve_database: Callable[[str], Site]
) -> None:
    with server.new(migrated) as dsn:
        name = dsn.partition("@/")[2].partition("?")[0]
        site = serve_database(dsn)
        assert site.get().status_code == 200
        server.command(f"drop database {name} with (force)")
        answer = site.get(headers=BROWSER)
        assert answer.status_code == 503
        assert answer.headers["content-type"].startswith("text/html")
        assert "Temporarily unavailable" in answer.text
        assert 'http-equiv="refresh"' in answer.text
        assert "Traceback" not in answer.text
        server.command(f"create database {name} template {migrated} strategy file_copy")
        until(lambda: site.get(headers=BROWSER).status_code == 200, lambda: site.get(headers=BROWSER).text)
