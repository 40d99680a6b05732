from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fakeredis import FakeAsyncRedis, FakeServer

from app.cache.stores import Cache, MemoryCache, RedisCache, create_cache
from tests.support.waiting import PATIENCE, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Make = Callable[[str], Cache]

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="session")
def redis_url(session_folder: Path) -> Iterator[str]:
    """A real Redis on a socket of its own."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no redis-server is installed; fakeredis stands in for it")
    place = session_folder / f"redis-{os.getpid()}.sock"
    command = [program, "--port", "0", "--unixsocket", str(place), "--save", "", "--appendonly", "no"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=session_folder)
    until(lambda: place.exists() or server.poll() is not None, lambda: "Redis takes too long to start")
    assert server.poll() is None
    yield f"unix://{place}"
    server.terminate()
    server.wait()


@pytest.fixture(params=["memory", "fakeredis", "redis"])
def make(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Makes caches of one back end by namespace; those of Redis share one server, which has all the time it needs to answer."""
    monkeypatch.setattr(RedisCache, "TIMEOUT", PATIENCE)
    if request.param == "memory":
        return lambda _namespace: MemoryCache()
    if request.param == "redis":
        url: str = request.getfixturevalue("redis_url")
        return lambda namespace: RedisCache(url, namespace=namespace)
    server = FakeServer()
    return lambda namespace: RedisCache("redis://unused", namespace=namespace, client=FakeAsyncRedis(server=server))


@pytest.fixture
def cache(make: Make) -> Cache:
    return make("test")


async def test_keeps_bytes_exactly(cache: Cache) -> None:
    every_byte = bytes(range(256)) * 100
    assert await cache.get("key") is None
    await cache.set("key", every_byte, 60)
    await cache.set("", b"", 60)
    assert await cache.get("key") == every_byte
    assert await cache.get("") == b""
    assert await cache.ping()
    await cache.clear()
    await cache.close()


async def test_last_value_wins(cache: Cache) -> None:
    await cache.set("key", b"first", 60)
    await cache.set("key", b"second", 60)
    assert await cache.get("key") == b"second"
    await cache.clear()


async def test_forgets_after_its_time(cache: Cache) -> None:
    await cache.set("short", b"value", 60)
    await cache.set("long", b"value", 60)
    assert await cache.get("short") == b"value"
    await cache.set("short", b"value", 0.05)
    async with asyncio.timeout(PATIENCE):
        while await cache.get("short") is not None:  # noqa: ASYNC110 - a cache tells nobody
            await asyncio.sleep(0.02)
    assert await cache.get("long") == b"value"
    await cache.clear()


@pytest.mark.parametrize("ttl", [0, -1])
async def test_no_time_to_live_forgets_at_once(cache: Cache, ttl: float) -> None:
    await cache.set("key", b"value", 60)
    await cache.set("key", b"value", ttl)
    assert await cache.get("key") is None


async def test_delete_takes_one_key(cache: Cache) -> None:
    await cache.set("a", b"1", 60)
    await cache.set("b", b"2", 60)
    await cache.delete("a")
    await cache.delete("never there")
    assert (await cache.get("a"), await cache.get("b")) == (None, b"2")
    await cache.clear()


async def test_clear_takes_its_namespace_and_no_other(make: Make) -> None:
    mine, other = make("dq*"), make("dq-other")  # the star must not be a pattern
    for number in range(1200):
        await mine.set(f"key {number}", b"value", 60)
    await other.set("key 0", b"value", 60)
    await mine.clear()
    assert [await mine.get(f"key {number}") for number in range(0, 1200, 100)] == [None] * 12
    assert await other.get("key 0") == b"value"
    await other.clear()


async def test_concurrent_use(cache: Cache) -> None:
    await asyncio.gather(*(cache.set(f"{number}", str(number).encode(), 60) for number in range(50)))
    assert await asyncio.gather(*(cache.get(f"{number}") for number in range(50))) == [str(number).encode() for number in range(50)]
    await cache.clear()


# --- inside the process ------------------------------------------------------------------------------------------------------


async def test_memory_is_limited_in_bytes() -> None:
    cache = MemoryCache(max_bytes=10 * (1000 + MemoryCache.OVERHEAD + 2))
    for number in range(100):
        await cache.set(f"{number:02}", bytes(1000), 60)
        assert cache.size <= 10 * (1000 + MemoryCache.OVERHEAD + 2)
    assert len(cache) == 10
    assert await cache.get("89") is None
    assert await cache.get("90") is not None


async def test_memory_is_limited_in_entries_and_drops_the_least_recently_used() -> None:
    cache = MemoryCache(max_entries=3)
    for key in "abc":
        await cache.set(key, b"value", 60)
    await cache.get("a")
    await cache.set("d", b"value", 60)
    assert [await cache.get(key) for key in "abcd"] == [b"value", None, b"value", b"value"]


async def test_memory_refuses_what_is_larger_than_itself() -> None:
    cache = MemoryCache(max_bytes=1000)
    await cache.set("small", b"value", 60)
    await cache.set("small", bytes(2000), 60)
    assert await cache.get("small") is None, "the old value is not served instead"
    assert cache.size == 0


async def test_memory_gives_back_what_it_counted() -> None:
    now = 0.0
    cache = MemoryCache(clock=lambda: now)
    await cache.set("expires", bytes(100), 5)
    await cache.set("replaced", bytes(100), 50)
    await cache.set("replaced", bytes(10), 50)
    await cache.set("deleted", bytes(100), 50)
    await cache.delete("deleted")
    now = 5.0
    assert await cache.get("expires") is None
    assert cache.size == len("replaced") + 10 + MemoryCache.OVERHEAD
    await cache.close()
    assert (cache.size, len(cache)) == (0, 0)


# --- without Redis -----------------------------------------------------------------------------------------------------------


async def test_unreachable_redis_is_a_miss_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    cache = create_cache("redis://127.0.0.1:1/0")
    assert not await cache.ping()
    await cache.set("key", b"value", 60)
    assert await cache.get("key") is None
    await cache.delete("key")
    await cache.clear()
    assert len([record for record in caplog.records if "Redis cannot be reached" in record.message]) == 1
    await cache.close()


async def test_silent_redis_costs_one_short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Something listens and never answers; only the first request waits for it."""
    monkeypatch.setattr(RedisCache, "PAUSE", 600)
    done, asked = asyncio.Event(), 0

    async def say_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await done.wait()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    cache = create_cache(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0")
    for _ in range(20):
        assert await cache.get("key") is None
    assert asked == 1
    await cache.close()
    done.set()
    server.close()


async def test_redis_that_comes_back_is_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RedisCache, "PAUSE", 600)
    server = FakeServer()
    cache = RedisCache("redis://unused", namespace="test", client=FakeAsyncRedis(server=server))
    await cache.set("key", b"value", 60)
    server.connected = False
    assert await cache.get("key") is None
    assert not await cache.ping()
    server.connected = True
    assert await cache.get("key") is None, "left alone for a while"
    assert await cache.ping()
    assert await cache.get("key") == b"value"
    await cache.close()


async def test_answer_of_a_wrong_kind_is_a_miss() -> None:
    client = FakeAsyncRedis()
    cache = RedisCache("redis://unused", namespace="test", client=client)
    await client.lpush("test:key", "a list")
    assert await cache.get("key") is None
    await cache.close()


async def test_choice_by_setting() -> None:
    assert isinstance(create_cache(None), MemoryCache)
    assert isinstance(create_cache("redis://127.0.0.1:1"), RedisCache)
