"""The pages as people get them: a real server process on a real database, and a real Chromium in front of it.

The server and the browser are made once for a process's tests: starting them takes longer than most of these tests.

Playwright keeps an event loop in the thread that uses it, so the browser lives only as long as tests of this folder run.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import httpx
import pytest

from tests.conftest import CHECKOUT, Server, run_apart
from tests.support.waiting import PATIENCE, free_port, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: How long a page may take to become what is expected; the other workers of the suite want processors, too.
EXPECT_MILLISECONDS = PATIENCE * 1000

#: Added to a copy of the synthetic league: what the generator does not make.
SPECIAL_CASES = """
    insert into person (person_id, name, name_key, position, first_season, last_season, synthetic, first_run_id)
    values
        (900001, '<script>document.title="broken"</script> O''Neil',
            'script document title broken script oneil', 'QB', 2026, 2026, true, 1),
        (900002, 'Amé Zúñiga-Ødegård', 'ame zuniga odegard', 'LS', 2026, 2026, true, 1),
        (900003, 'Amé Zúñiga-Ødegård', 'ame zuniga odegard', 'LS', 2025, 2025, true, 1),
        (900004, 'Quick <i onmouseover="x()">O''Quinn</i>', 'quick i onmouseover x o quinn i', 'QB', 2026, 2026, true, 1);
    insert into person_alias (person_id, name, name_key, dataset) values
        (900002, 'Amadeus <b>Zuniga</b>', 'amadeus b zuniga b', 'combine');
    insert into draft_pick (season, round, pick, team, pfr_player_name, hof, position, college, allpro, probowls, seasons_started, games,
            pass_yards, franchise_id, person_id, run_id)
        select 2026, 7, max(pick) + 1, 'BUF', '<script>document.title="broken"</script> O''Neil', true, 'QB', null, 0, 0, 0, null, 0,
            (select franchise_id from franchise where code = 'BUF'), 900001, 1
        from draft_pick where season = 2026;
    insert into combine_entry (season, person_id, player_name, pos, height_in, wt, forty, bench, run_id)
        values (2026, 900002, 'Amé Zúñiga-Ødegård', 'LS', 74, null, 4.91, 21, 1),
               (2025, 900003, 'Amé Zúñiga-Ødegård', 'LS', null, null, null, null, 1);
    insert into combine_entry
        (season, person_id, player_name, pos, height_in, wt, forty, bench, vertical, broad_jump, cone, shuttle, run_id)
        values (2026, 900004, 'Quick <i onmouseover="x()">O''Quinn</i>', 'QB', 76, 229, 4.58, 20, 35.5, 121, 6.98, 4.21, 1);
    insert into external_id (id_type, value, person_id, first_season, last_season) values
        ('pfr', 'SynShared', 900002, 2026, 2026), ('pfr', 'SynShared', 900003, 2025, 2025);
    insert into identity_conflict (reason, id_type, value, person_id, other_person_id, state, run_id) values
        ('shared_id', 'pfr', 'SynShared', 900002, 900003, 'open', 1),
        ('shared_id', 'cfb', 'syn-shared', 900002, 900003, 'different_people', 1);
    delete from drill_distribution where position in ('LS', 'ST') and drill in ('forty', 'height_in', 'bench');
    insert into drill_distribution (scope, position, drill, value, lower, equal, total) values
        ('leaf', 'LS', 'forty', 4.91, 30, 10, 100), ('group', 'ST', 'forty', 4.91, 50, 10, 300),
        ('leaf', 'LS', 'height_in', 74, 5, 1, 19), ('group', 'ST', 'height_in', 74, 60, 20, 200);
"""
INJECTED, ACCENTED, NAMESAKE, MEASURED = 900001, 900002, 900003, 900004
#: A class of several pages: the league's own classes are small.
LARGE_CLASS = """
    insert into draft_pick
    select (jsonb_populate_record(p, jsonb_build_object('season', 2024, 'pick',
        (select max(pick) from draft_pick where season = 2024) + row_number() over (order by season, pick)))).*
    from draft_pick p where season between 2015 and 2018
"""


def find_chromium() -> str | None:
    """The program, if this machine has it."""
    return next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip before any fixture is made: without a browser, a server with the league is not needed."""
    if find_chromium() is not None:
        return
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.skip(reason="there is no Chromium on this machine (Debian: apt-get install chromium)"))


@dataclass(frozen=True, slots=True)
class Site:
    """A running server: its address and that of its database."""

    url: str
    dsn: str

    def rows(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        """What the database itself says."""

        async def ask() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.dsn)
            try:
                return list(await connection.fetch(query, *arguments))
            finally:
                await connection.close()

        return run_apart(lambda: asyncio.run(ask()))

    def get(self, path: str = "/", **options: Any) -> httpx.Response:
        """An answer to a program; options are those of httpx."""
        return httpx.get(self.url + path, timeout=PATIENCE, **options)


@contextmanager
def serve(dsn: str, exports: Path, log: Path) -> Iterator[Site]:
    """The real application in a process of its own for the length of the block."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    environment = {
        **os.environ,
        "ENVIRONMENT": "test",
        "DATABASE_URL": dsn,
        "DATABASE_POOL_SIZE": "6",
        "EXPORTS_DIR": str(exports),
    }
    command = [sys.executable, "-m", "uvicorn", "--factory", "app.main:create_app", "--port", str(port), "--log-level", "warning"]
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            until(
                lambda: _is_served(url, process, log),
                lambda: f"the server did not start:\n{log.read_text(errors='replace')[-3000:]}",
                step=0.05,
            )
            yield Site(url, dsn)
        finally:
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()


def _is_served(url: str, process: subprocess.Popen[bytes], log: Path) -> bool:
    assert process.poll() is None, f"the server has ended:\n{log.read_text(errors='replace')[-3000:]}"
    with suppress(httpx.TransportError):
        httpx.get(f"{url}/health", timeout=PATIENCE)
        return True
    return False


@pytest.fixture(scope="session")
def site(server: Server, league_dsn: str, league_exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The synthetic league with the special cases, served."""

    async def add_special_cases(dsn: str) -> None:
        connection = await asyncpg.connect(dsn)
        try:
            await connection.execute(SPECIAL_CASES)
            await connection.execute(LARGE_CLASS)
        finally:
            await connection.close()

    with server.new(league_dsn.partition("@/")[2].partition("?")[0]) as dsn:
        run_apart(lambda: asyncio.run(add_special_cases(dsn)))
        with serve(dsn, league_exports, tmp_path_factory.mktemp("site") / "server.log") as served:
            yield served


@pytest.fixture
def serve_database(tmp_path: Path) -> Iterator[Callable[[str], Site]]:
    """Serve another database than the league; the servers stop with the test."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield lambda dsn: stack.enter_context(serve(dsn, tmp_path, tmp_path / "server.log"))


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A headless Chromium from the system."""
    executable = find_chromium()
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        browser: Browser = driver.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS, timeout=EXPECT_MILLISECONDS)
        playwright.expect.set_options(timeout=EXPECT_MILLISECONDS)
        yield browser
        browser.close()


class Visit:
    """A browser window that notes what must not happen: errors on the console, requests that leave the origin."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.page: Page = context.new_page()
        self.page.set_default_timeout(EXPECT_MILLISECONDS)
        self.requests: list[str] = []
        self.errors: list[str] = []
        self._url = url
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda message: self.errors.append(message.text) if message.type in ("error", "warning") else None)

    def open(self, path: str) -> Page:
        """Go to a page of the site; its scripts have run when this returns."""
        self.page.goto(self._url + path)
        return self.page

    def check(self) -> None:
        """Nothing went wrong and nobody else was asked.

        The browser and htmx report the status of an error page as an error, and htmx a request that a newer one has made needless.
        """
        assert [each for each in self.requests if not each.startswith(f"{self._url}/")] == []
        normal = "responded with a status of 4|Status Error Code 4|^htmx:(sendAbort|afterRequest),"
        assert [each for each in self.errors if not re.search(normal, each)] == []


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Callable[..., Visit]]:
    """Open a window on the league; keyword arguments are those of a Playwright context. Every window is checked afterwards."""
    opened: list[tuple[BrowserContext, Visit]] = []

    def new(url: str = site.url, **options: object) -> Visit:
        context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **options})  # type: ignore[arg-type]
        opened.append((context, Visit(context, url)))
        return opened[-1][1]

    yield new
    for context, each in opened:
        context.close()
        each.check()
