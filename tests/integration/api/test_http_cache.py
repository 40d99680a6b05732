"""Entity tags, conditional requests, HEAD, and what happens to kept answers when the data change."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import asyncpg
import pytest

from app.context.dataset_state import DatasetState
from tests.support.waiting import PATIENCE, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tests.conftest import Server
    from tests.integration.api.conftest import Api

PATH = "/api/v1/draft-picks?limit=3&sort=-pick"


def hits(api: Api, result: str) -> float:
    name = f'dq_http_cache_total{{result="{result}"}} '
    return next((float(line.removeprefix(name)) for line in api.get("/metrics").text.splitlines() if line.startswith(name)), 0)


def test_the_same_request_twice(league_api: Api) -> None:
    first = league_api.get(PATH)
    before = hits(league_api, "hit")
    second = league_api.get(PATH)
    assert hits(league_api, "hit") == before + 1
    assert (second.content, second.headers["etag"]) == (first.content, first.headers["etag"])
    assert first.headers["etag"].startswith('W/"')
    assert first.headers["cache-control"] == "no-cache"
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


@pytest.mark.parametrize("form", ["{tag}", '"other", {tag}', "{strong}", '"a","b" , {strong}', "*"])
def test_an_unchanged_answer_is_a_304_without_a_body(league_api: Api, form: str) -> None:
    tag = league_api.get(PATH).headers["etag"]
    held = form.format(tag=tag, strong=tag.removeprefix("W/"))
    for headers in ({}, {"cache-control": "no-cache"}):
        response = league_api.get(PATH, headers={"if-none-match": held, **headers})
        assert response.status_code == 304
        assert response.content == b""
        assert response.headers["etag"] == tag


def test_another_tag_is_answered_in_full(league_api: Api) -> None:
    tag = league_api.get(PATH).headers["etag"]
    for held in ('W/"x"', tag[:-2] + '"', '"', ""):
        assert league_api.get(PATH, headers={"if-none-match": held}).status_code == 200


def test_a_star_does_not_hide_an_error(league_api: Api) -> None:
    assert league_api.get("/api/v1/people/2147483647", headers={"if-none-match": "*"}).status_code == 404
    assert league_api.get("/api/v1/draft-picks?sort=x", headers={"if-none-match": "*"}).status_code == 422


def test_order_of_parameters_does_not_matter_but_their_values_do(league_api: Api) -> None:
    tag = league_api.get(PATH).headers["etag"]
    assert league_api.get("/api/v1/draft-picks?sort=-pick&limit=3").headers["etag"] == tag
    assert league_api.get("/api/v1/draft-picks?sort=-pick&limit=4").headers["etag"] != tag
    assert league_api.get("/api/v1/combine?limit=3").headers["etag"] != league_api.get("/api/v1/people?limit=3").headers["etag"]


def test_formats_of_one_address_have_tags_of_their_own(league_api: Api) -> None:
    address = "/api/v1/draft-picks?season=2020"
    tags = {
        league_api.get(address, headers={"accept": accept}).headers["etag"]
        for accept in ("application/json", "text/csv", "application/x-ndjson")
    }
    assert len(tags) == 3
    assert league_api.get(address, headers={"accept": "text/csv"}).headers["vary"] == "Accept"


@pytest.mark.parametrize(
    "address", [PATH, "/api/v1/people/1", "/api/v1/franchises", "/health", "/api/v1/draft-picks?format=csv", "/", "/docs"]
)
def test_head_is_get_without_the_body(league_api: Api, address: str) -> None:
    got, head = league_api.get(address), league_api.head(address)
    assert head.status_code == got.status_code == 200
    assert head.content == b""
    for name in ("etag", "content-type", "content-length"):
        assert head.headers.get(name) == got.headers.get(name)


def test_errors_are_not_kept(league_api: Api) -> None:
    for _ in range(2):
        response = league_api.get("/api/v1/draft-picks?season=abc")
        assert (response.status_code, response.headers["cache-control"]) == (422, "no-store")
        assert "etag" not in response.headers


@pytest.mark.anyio
async def test_a_load_changes_what_is_served(league: str, serving: Callable[[str], AbstractContextManager[Api]]) -> None:
    with serving(league) as api:
        season = api.items("draft-picks", sort="-season", limit=1)[0]["season"]
        address = f"/api/v1/draft-picks?season={season}&fields=name,games&limit=5"
        before = api.get(address)
        assert api.get(address).content == before.content
        connection = await asyncpg.connect(league)
        async with connection.transaction():
            await connection.execute("update draft_pick set games = 999 where season = $1", season)
            await connection.execute("update dataset set version = version + 1 where dataset = 'draft_picks'")
            await connection.execute("notify dataset_changed")
        await connection.close()
        held = {"if-none-match": before.headers["etag"]}
        after = before

        def noticed() -> bool:
            # between the notification and the database's word on the new version there is no tag at all
            nonlocal after
            after = api.get(address, headers=held)
            return after.status_code != 304 and "etag" in after.headers

        until(noticed, lambda: "the change was never noticed")
        assert after.status_code == 200
        assert after.headers["etag"] != before.headers["etag"]
        assert {each["games"] for each in after.json()["items"]} == {999}
        assert after.json()["dataset_version"] != before.json()["dataset_version"]


@pytest.fixture
def may_listen(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """While it is not set, no connection for notifications is made: being without one is then a state, not a moment."""
    event = threading.Event()
    event.set()
    listen = DatasetState._listen

    async def listen_if_allowed(state: DatasetState) -> None:
        while not event.is_set():  # noqa: ASYNC110 - it is set in another thread
            await asyncio.sleep(0.01)
        await listen(state)

    monkeypatch.setattr(DatasetState, "_listen", listen_if_allowed)
    return event


@pytest.mark.anyio
async def test_a_lost_notification_connection_serves_nothing_old(
    league: str, serving: Callable[[str], AbstractContextManager[Api]], may_listen: threading.Event
) -> None:
    """While changes cannot be followed every answer is made anew; the connection comes back alone.

    The end of a session is news, and like a notification's it takes a moment to arrive. The data change after that, and before there is
    a connection that would read the new version by itself: nothing but the loss can have told.
    """
    address = f"{PATH}&fields=games"
    with serving(league) as api:
        until(lambda: "etag" in api.get(address).headers, lambda: "never followed")
        held = {"if-none-match": api.get(address).headers["etag"]}
        assert api.get(address, headers=held).status_code == 304
        may_listen.clear()
        connection = await asyncpg.connect(league)
        await connection.execute(
            "select pg_terminate_backend(pid, $1) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
            int(PATIENCE * 1000),
        )
        until(lambda: "etag" not in api.get(address).headers, lambda: "the loss was never noticed")
        await connection.execute("update draft_pick set games = 777")
        await connection.execute("update dataset set version = version + 1")
        await connection.close()
        before = hits(api, "hit")
        for headers in ({}, held, {}):
            answer = api.get(address, headers=headers)
            assert (answer.status_code, answer.headers.get("etag")) == (200, None)
            assert answer.json()["dataset_version"] == "2.2.2.2.2"
            assert {each["games"] for each in answer.json()["items"]} == {777}
        assert hits(api, "hit") == before
        may_listen.set()
        until(lambda: "etag" in api.get(address).headers, lambda: "never followed again")
        after = api.get(address, headers=held)
        assert (after.status_code, after.json()["dataset_version"]) == (200, "2.2.2.2.2")
        assert {each["games"] for each in after.json()["items"]} == {777}


@pytest.mark.parametrize("address", [PATH, "/classes/2020"])
@pytest.mark.anyio
async def test_other_data_of_the_same_version_are_never_a_304(
    server: Server, league: str, serving: Callable[[str], AbstractContextManager[Api]], address: str
) -> None:
    """Versions begin at 1 again in every database, and the browser's address stays the same."""
    with serving(league) as api:
        before = api.get(address)
    with server.new("league") as dsn:
        connection = await asyncpg.connect(dsn)
        await connection.execute("update dataset set checksum = 'another', updated_at = updated_at + interval '1 hour'")
        await connection.close()
        with serving(dsn) as api:
            after = api.get(address, headers={"if-none-match": before.headers["etag"]})
            again = api.get(address, headers={"if-none-match": after.headers["etag"]})
    assert (before.status_code, after.status_code, again.status_code) == (200, 200, 304)
    if address == PATH:
        assert after.json()["dataset_version"] == before.json()["dataset_version"]


@pytest.mark.parametrize(
    ("address", "accept", "status"),
    [
        ("/api/v1/franchises", "application/jsonl", 406),
        ("/api/v1/people/1", "text/csv", 406),
        (PATH, "application/jsonlines", 406),
        (PATH, "application/json;q=0", 406),
        (PATH, "application/jsonl", 200),
    ],
)
def test_a_kept_answer_is_not_given_to_whom_it_does_not_suit(league_api: Api, address: str, accept: str, status: int) -> None:
    tag = league_api.get(address).headers["etag"]
    for headers in ({}, {"if-none-match": tag}):
        response = league_api.get(address, headers={"accept": accept, **headers})
        assert response.status_code == status
        assert response.headers["content-type"] != "application/json"
