"""Rate limits count the same in memory, in fakeredis and in a real Redis."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakeredis import FakeAsyncRedis
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.requests import Request

from app.cache import redis as redis_module
from app.cache.redis import RedisConnection
from app.errors import TooManyRequests
from app.http import rate_limits
from app.http.rate_limits import WINDOW, RateLimiter, clients_of
from tests.support.redis_server import PROGRAM, eventually, real_redis
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.anyio
ALLOWED = 3


class Clock:
    now = 1_000_020.0  # the start of a window

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "fakeredis", "redis"])
async def redis(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[RedisConnection | None]:
    """A back end; Redis gets all the time that it needs on a busy machine."""
    monkeypatch.setattr(redis_module, "PATIENCE", PATIENCE)
    if request.param == "memory":
        yield None
    elif request.param == "fakeredis":
        connection = RedisConnection(FakeAsyncRedis())
        connection.up = True
        yield connection
    else:
        if PROGRAM is None:
            pytest.skip("no redis-server is installed; fakeredis stands in for it")
        with real_redis(tmp_path) as (url, _):
            async with RedisConnection.open(url) as connection:
                await eventually(lambda: connection.up)
                yield connection


def limiter(redis: RedisConnection | None, clock: Clock, allowed: int = ALLOWED) -> RateLimiter:
    return RateLimiter({"streams": allowed, "searches": 1, "exports": 0}, redis, clock)


async def refused(limiter: RateLimiter, *clients: str) -> int:
    """The seconds to wait; 0 when the request is accepted."""
    try:
        await limiter.count("streams", clients)
    except TooManyRequests as error:
        return error.seconds
    return 0


async def test_one_client_above_the_limit_waits_and_refused_requests_do_not_count(redis: RedisConnection | None, clock: Clock) -> None:
    ours = limiter(redis, clock)
    assert [await refused(ours, "a") for _ in range(ALLOWED)] == [0, 0, 0]
    waits = [await refused(ours, "a") for _ in range(5)]
    assert set(waits) == {80}, "a minute, and a third of the next until only two of the three count"
    assert ours.refused == {("streams",): 5}
    assert await refused(ours, "b") == 0, "another client"
    await ours.count("searches", ["a"])
    for _ in range(10):
        await ours.count("exports", ["a"])  # 0: no limit
    clock.now += 79
    assert await refused(ours, "a") == 1
    clock.now += 1
    assert await refused(ours, "a") == 0
    clock.now += 2 * WINDOW
    assert [await refused(ours, "a") for _ in range(ALLOWED)] == [0, 0, 0]


async def test_inventing_tokens_does_not_help_and_a_token_is_limited_wherever_it_comes_from(
    redis: RedisConnection | None, clock: Clock
) -> None:
    ours = limiter(redis, clock)
    assert [await refused(ours, "address", f"token-{number}") for number in range(ALLOWED + 1)] == [0, 0, 0, 80]
    assert [await refused(ours, f"address-{number}", "token") for number in range(ALLOWED + 1)] == [0, 0, 0, 80]
    assert await refused(ours, f"address-{ALLOWED}") == 0, "the request that was refused for its token does not count for its address"


async def test_refused_requests_with_invented_tokens_do_not_start_the_count_again(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.setattr(rate_limits, "MOST_CLIENTS", 10)
    ours = limiter(None, clock)
    waits = [await refused(ours, "address", f"token-{number}") for number in range(30)]
    assert waits.count(0) == ALLOWED


async def test_every_process_counts_in_the_same_redis(redis: RedisConnection | None, clock: Clock) -> None:
    one, other = limiter(redis, clock), limiter(redis, clock)
    answers = [await refused(each, "a") for each in (one, other, one, other)]
    assert answers == ([0, 0, 0, 0] if redis is None else [0, 0, 0, 80])


@pytest.mark.skipif(PROGRAM is None, reason="no redis-server is installed")
async def test_while_redis_hangs_requests_are_counted_in_memory_and_do_not_wait(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(redis_module, "PAUSE", 0.05)
    monkeypatch.setattr(redis_module, "LIMIT", 0.2)
    with real_redis(tmp_path) as (url, pid):
        async with RedisConnection.open(url) as connection:
            await eventually(lambda: connection.up)
            ours = limiter(connection, clock)
            os.kill(pid, signal.SIGSTOP)
            started = time.perf_counter()
            assert [await refused(ours, "a") for _ in range(ALLOWED + 1)] == [0, 0, 0, 80]
            assert time.perf_counter() - started < 1
            assert connection.errors == 1, "only one request has tried"
            assert not connection.up
            os.kill(pid, signal.SIGCONT)
            await eventually(lambda: connection.up)
            assert await refused(ours, "a") == 0, "Redis counts again"


@given(st.lists(st.floats(0, 50), max_size=30), st.integers(1, 4))
@example([0.0] * 5, 1)
def test_after_the_seconds_that_a_refusal_names_a_request_is_accepted(gaps: list[float], allowed: int) -> None:
    async def check() -> None:
        clock = Clock()
        ours = limiter(None, clock, allowed)
        for gap in gaps:
            clock.now += gap
            seconds = await refused(ours, "a")
            if seconds:
                clock.now += seconds
                assert await refused(ours, "a") == 0

    asyncio.run(check())


@pytest.mark.parametrize(
    ("address", "authorization", "names"),
    [
        ("192.0.2.1", "", ["192.0.2.1"]),
        ("192.0.2.1", "Basic eA==", ["192.0.2.1"]),
        ("192.0.2.1", "Bearer", ["192.0.2.1"]),
        ("192.0.2.1", "bearer x", ["192.0.2.1", "token-442a44457137672b3218c1007dc8f76a"]),
        ("2001:db8:1:2:aaaa::1", "", ["2001:db8:1:2::/64"]),
        ("2001:db8:1:2:bbbb::1%eth0", "", ["2001:db8:1:2::/64"]),
        ("::1", "", ["::/64"]),
        ("::ffff:192.0.2.1", "", ["192.0.2.1"]),
        ("not an address", "", ["unknown"]),
        (None, "", ["unknown"]),
    ],
)
def test_names_of_a_client(address: str | None, authorization: str, names: list[str]) -> None:
    headers = [(b"authorization", authorization.encode())] if authorization else []
    scope = {"type": "http", "headers": headers, "client": None if address is None else (address, 1)}
    assert clients_of(Request(scope)) == names
