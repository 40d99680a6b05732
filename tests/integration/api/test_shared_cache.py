"""The second level of the response cache: what another process has made, and what happens while Redis hangs."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakeredis import FakeAsyncRedis
from redis import Redis

from app.cache import redis as redis_module
from app.cache import shared
from app.cache.redis import RedisConnection
from app.cache.responses import Entry
from tests.conftest import Server
from tests.integration.api.conftest import Api, serve
from tests.support.redis_server import PROGRAM, eventually, fake_redis, real_redis
from tests.support.waiting import PATIENCE, until

PATH = "/api/v1/draft-picks?limit=3&sort=-pick"


@pytest.fixture
def redis_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A Redis with all the time that it needs; every response is worth a place in it, and written at once."""
    monkeypatch.setattr(redis_module, "PATIENCE", PATIENCE)
    monkeypatch.setattr(shared, "CHEAP", 0)
    monkeypatch.setattr(shared, "WRITE_AFTER", 0)
    if PROGRAM is None:
        with fake_redis() as url:
            yield url
    else:
        with real_redis(tmp_path) as (url, _):
            yield url


@pytest.fixture
def dsn(server: Server, league_dsn: str) -> Iterator[str]:
    assert league_dsn
    with server.new("league") as dsn:
        yield dsn


def metric(api: Api, name: str) -> float:
    lines = api.get("/metrics").text.splitlines()
    return next((float(line.removeprefix(name)) for line in lines if line.startswith(f"{name} ")), 0)


def results(api: Api) -> dict[str, float]:
    """What the cache did so far, without what is always there."""
    counted = {each: metric(api, f'dq_http_cache_total{{result="{each}"}}') for each in ("hit", "shared_hit", "miss")}
    return {result: number for result, number in counted.items() if number}


def connected(api: Api) -> None:
    until(lambda: metric(api, "dq_redis_up") == 1, lambda: "Redis does not respond")
    until(lambda: metric(api, "dq_dataset_known") == 1, lambda: "changes are not followed")


def test_a_new_process_starts_with_the_responses_of_another(dsn: str, tmp_path: Path, redis_url: str) -> None:
    with serve(dsn, tmp_path, redis_url=redis_url, release="one") as api:
        connected(api)
        first = api.get(PATH)
        assert results(api) == {"miss": 1}
        with Redis.from_url(redis_url) as redis:
            until(lambda: redis.keys("draft-queen:response:one:*"), lambda: "nothing was written")
            (name,) = redis.keys("draft-queen:response:one:*")
            assert 0 < redis.ttl(name) <= shared.LIFETIME
    with serve(dsn, tmp_path, redis_url=redis_url, release="one") as api:
        connected(api)
        assert api.get(PATH, headers={"cache-control": "no-cache"}).content == first.content
        assert results(api) == {"miss": 1}, "the client wants a new one"
    with serve(dsn, tmp_path, redis_url=redis_url, release="one") as api:
        connected(api)
        again = api.get(PATH, headers={"if-none-match": '"of another version"'})
        assert results(api) == {"shared_hit": 1}
        assert again.content == first.content
        ours = {"date", "x-request-id"}
        assert {k: v for k, v in again.headers.items() if k not in ours} == {k: v for k, v in first.headers.items() if k not in ours}
        assert api.get(PATH).content == first.content
        assert results(api) == {"shared_hit": 1, "hit": 1}
        assert api.get(PATH, headers={"if-none-match": '"of another version"'}).content == first.content
        assert results(api) == {"shared_hit": 1, "hit": 2}
    with serve(dsn, tmp_path, redis_url=redis_url, release="two") as api:
        connected(api)
        assert api.get(PATH).headers["etag"] != first.headers["etag"]
        assert results(api) == {"miss": 1}, "another release makes its own"


def test_responses_of_other_data_are_not_used(server: Server, league_dsn: str, tmp_path: Path, redis_url: str) -> None:
    assert league_dsn
    with server.new("league") as dsn, serve(dsn, tmp_path, redis_url=redis_url) as api:
        connected(api)
        api.get(PATH)
    with server.new("migrated") as dsn, serve(dsn, tmp_path, redis_url=redis_url) as api:
        connected(api)
        assert api.get(PATH).json()["items"] == []
        assert results(api) == {"miss": 1}


def test_development_shares_nothing(dsn: str, tmp_path: Path, redis_url: str) -> None:
    with serve(dsn, tmp_path, redis_url=redis_url, environment="development") as api:
        assert api.state["shared_cache"] is None
        connected(api)


@pytest.mark.skipif(PROGRAM is None, reason="no redis-server is installed")
def test_a_redis_that_hangs_costs_nothing(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_module, "PAUSE", 0.1)
    monkeypatch.setattr(redis_module, "LIMIT", 0.2)
    with real_redis(tmp_path) as (url, pid), serve(dsn, tmp_path, redis_url=url) as api:
        connected(api)
        api.get(PATH)
        os.kill(pid, signal.SIGSTOP)
        started = time.perf_counter()
        for season in range(2000, 2020):
            assert api.get(f"{PATH}&season={season}").status_code == 200
        assert time.perf_counter() - started < 2
        assert metric(api, "dq_redis_up") == 0
        assert metric(api, "dq_redis_errors_total") == 1
        readiness = api.get("/health/ready").json()
        assert (readiness["status"], readiness["checks"]["cache"]["ok"]) == ("ready", False)
        os.kill(pid, signal.SIGCONT)
        connected(api)


@pytest.mark.anyio
async def test_what_is_written_and_what_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_module, "PATIENCE", PATIENCE)
    monkeypatch.setattr(shared, "WRITE_AFTER", 0)

    client = FakeAsyncRedis()
    redis = RedisConnection(client)
    redis.up = True
    cache = shared.SharedCache(redis, "release", lambda data: data == "data")
    entry = Entry([(b"content-type", b"application/json")], bytes(range(256)), b'W/"tag"', "/route")
    cache.put("data", "cheap", entry, 0.0009)
    cache.put("data", "large", entry._replace(body=bytes(shared.LARGEST_BODY + 1)), 1)
    cache.put("older data", "key", entry, 1)
    cache.put("data", "key", entry, 1)
    await eventually(lambda: cache._writing and cache._writing.done())
    names = await client.keys("*")
    assert len(names) == 1
    assert await cache.get("data", "key") == entry
    assert await cache.get("older data", "key") is None
    await client.set(names[0], b"not ours")
    assert await cache.get("data", "key") is None
    await client.delete(names[0])
    await client.lpush(names[0], "of another type")
    assert await cache.get("data", "key") is None
    assert redis.errors == 1
