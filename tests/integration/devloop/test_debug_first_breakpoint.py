"""The first breakpoint that a developer sets in this project: in a handler, met by every request of a browser."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from app.draft_picks.routes import list_draft_picks
from app.exports.routes import download_export
from tests.integration.devloop.test_prompt import is_open
from tests.support.dap.editor import Editor
from tests.support.served import Served
from tests.support.waiting import PATIENCE, free_port, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("devloop-debugging")]

TIMES = 3
LOOKS = "a debugger is attached to generation"
LEFT = ": the debugger has left"
BROWSER = {
    "accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "accept-encoding": "gzip, deflate, br, zstd",
    "accept-language": "en-US,en;q=0.5",
    "upgrade-insecure-requests": "1",
}
#: Handlers, a line in each that every request has to pass, and a URL.
HANDLERS = [
    (list_draft_picks, "return await list_response", "/api/v1/draft-picks?limit=2"),
    (download_export, "return ExportResponse", "/api/v1/exports/combine.csv"),
]


@pytest.fixture(scope="module")
def debug_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def served(league_dsn: str, league_exports: Path, debug_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """What `make run` starts, in development and with hot reload, over a database that has data."""
    one = Served(
        tmp_path_factory.mktemp("first-breakpoint"),
        RELOAD="1",
        DATABASE_URL=league_dsn,
        EXPORTS_DIR=str(league_exports),
        API_DEBUG_PORT=str(debug_port),
        PIPELINE_DEBUG_PORT="0",
    )
    try:
        one.start().wait_until_it_answers()
        until(lambda: is_open(debug_port), lambda: one.output)
        yield one
    finally:
        one.end()


def place_of(handler: object, text: str) -> tuple[Path, int]:
    """File and line of this text in a handler."""
    function = inspect.unwrap(handler)  # type: ignore[arg-type]
    lines, first = inspect.getsourcelines(function)
    return Path(inspect.getfile(function)), first + next(number for number, line in enumerate(lines) if text in line)


@pytest.mark.parametrize(("handler", "text", "path"), HANDLERS, ids=[handler.__name__ for handler, _, _ in HANDLERS])
def test_every_request_of_a_browser_meets_it(served: Served, debug_port: int, handler: object, text: str, path: str) -> None:
    file, line = place_of(handler, text)
    with httpx.Client(base_url=f"http://127.0.0.1:{served.port}", headers=BROWSER, timeout=PATIENCE) as browser:
        tag = browser.get(path).headers["etag"]  # and the response is one that could be cached
        before, left = (served.output.count(text) for text in (LOOKS, LEFT))
        editor = Editor()
        editor.attach(debug_port, {file: [line]})
        served.wait_for_times(LOOKS, before + 1)
        try:
            with ThreadPoolExecutor(1) as executor:
                for _ in range(TIMES):
                    asked = executor.submit(browser.get, path, headers={"if-none-match": tag})
                    stop = editor.wait_stopped()
                    assert (stop.path, stop.line) == (file, line)
                    editor.continue_()
                    response = asked.result(PATIENCE)
                    assert response.status_code == 200
                    assert response.content
                    tag = response.headers["etag"]
        finally:
            editor.detach()
        served.wait_for_times(LEFT, left + 1)  # the generation without a debugger, which the next session joins
    assert editor.nothing_stopped()
