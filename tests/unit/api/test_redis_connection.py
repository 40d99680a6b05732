"""What a failure of Redis, or of the way to it, means for requests."""

from __future__ import annotations

import asyncio
import time
from unittest.mock import AsyncMock

import pytest
from redis.asyncio import Redis

from app.cache.redis import MOST_LATE, RedisConnection

pytestmark = pytest.mark.anyio


def connection() -> RedisConnection:
    opened = RedisConnection(AsyncMock(spec=Redis))
    opened.up = True
    return opened


@pytest.mark.parametrize("error", [RuntimeError("the handler is closed"), ValueError("not a URL"), ConnectionError("lost")])
async def test_no_request_fails(error: Exception) -> None:
    async def fail(_client: Redis) -> str:
        raise error

    redis = connection()
    assert await redis.attempt(fail) is None
    assert (redis.up, redis.errors) == (False, 1)


async def test_a_file_of_credentials_that_is_not_text_does_not_end_the_attempts() -> None:
    client = AsyncMock(spec=Redis)
    client.ping.side_effect = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
    assert not await RedisConnection(client).ping()


async def test_a_process_that_was_busy_does_not_blame_redis_at_once() -> None:
    async def answer_late(_client: Redis) -> None:
        time.sleep(0.03)  # noqa: ASYNC251 - as other requests keep the loop busy
        await asyncio.sleep(0.001)

    redis = connection()
    for _ in range(MOST_LATE - 1):
        assert redis.up
        await redis.attempt(answer_late)
    assert (redis.up, redis.errors) == (True, 0)
    await redis.attempt(answer_late)
    assert (redis.up, redis.errors) == (False, 1)
