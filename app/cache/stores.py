"""Bytes kept for a while under a key: in Redis where there is one, else inside the process.

A cache may forget at any moment and is never the reason that a request fails: when Redis is unreachable every read is a miss, and
`ping` says so.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import unquote, urlsplit

from app.settings.secret_files import read_lines, split_secret_file, without_user

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from redis.asyncio import Redis
    from redis.credentials import CredentialProvider

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Cache(Protocol):
    """What both back ends can do."""

    async def get(self, key: str) -> bytes | None:
        """The bytes under `key`, or None when they were never set, have expired or were forgotten."""

    async def set(self, key: str, value: bytes, ttl: float) -> None:
        """Keeps `value` for at most `ttl` seconds; 0 or less forgets it at once."""

    async def delete(self, key: str) -> None:
        """Forgets one key; no error when it is not there."""

    async def clear(self) -> None:
        """Forgets every key of this cache's namespace, and no other."""

    async def ping(self) -> bool:
        """Whether the cache can answer at this moment."""

    async def close(self) -> None:
        """Gives back connections and memory."""


def create_cache(redis_url: str | None, *, namespace: str = "draft-queen", max_bytes: int = 64 * 1024 * 1024) -> Cache:
    """The cache of the settings. `max_bytes` limits the one inside the process; a Redis server has its own limit."""
    return RedisCache(redis_url, namespace=namespace) if redis_url else MemoryCache(max_bytes=max_bytes)


class MemoryCache:
    """Keeps the most recently used entries of this process, limited in bytes and in number."""

    #: What an entry costs beside its key and its value, roughly.
    OVERHEAD = 250

    def __init__(
        self, *, max_bytes: int = 64 * 1024 * 1024, max_entries: int = 20_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._max_bytes = max_bytes
        self._max_entries = max_entries
        self._clock = clock
        self._entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()  # oldest use first; (time it expires, value)
        self._bytes = 0

    @property
    def size(self) -> int:
        """Bytes in use."""
        return self._bytes

    def __len__(self) -> int:
        """Entries, expired ones that nobody asked for since included."""
        return len(self._entries)

    async def get(self, key: str) -> bytes | None:
        """See Cache."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        expires, value = entry
        if self._clock() >= expires:
            self._forget(key)
            return None
        self._entries.move_to_end(key)
        return value

    async def set(self, key: str, value: bytes, ttl: float) -> None:
        """See Cache. A value larger than the whole cache is not kept."""
        self._forget(key)
        cost = self._cost(key, value)
        if ttl <= 0 or cost > self._max_bytes or self._max_entries < 1:
            return
        self._entries[key] = (self._clock() + ttl, value)
        self._bytes += cost
        while self._bytes > self._max_bytes or len(self._entries) > self._max_entries:
            self._forget(next(iter(self._entries)))

    async def delete(self, key: str) -> None:
        """See Cache."""
        self._forget(key)

    async def clear(self) -> None:
        """See Cache."""
        self._entries.clear()
        self._bytes = 0

    async def ping(self) -> bool:
        """Always there."""
        return True

    async def close(self) -> None:
        """See Cache."""
        await self.clear()

    def _forget(self, key: str) -> None:
        if (entry := self._entries.pop(key, None)) is not None:
            self._bytes -= self._cost(key, entry[1])

    def _cost(self, key: str, value: bytes) -> int:
        return len(key) + len(value) + self.OVERHEAD


class RedisCache:
    """Shared by every process that uses the same Redis and namespace."""

    #: Seconds a request waits for Redis at most.
    TIMEOUT = 0.25
    #: Seconds for which an unreachable Redis is left alone, so that not every request pays the wait.
    PAUSE = 2.0

    def __init__(self, url: str, *, namespace: str, client: Redis | None = None) -> None:
        from redis.asyncio import Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
        from redis.exceptions import RedisError

        self._prefix = f"{namespace}:"
        address, path = split_secret_file(url)
        self._redis: Redis = client or Redis.from_url(
            address if path is None else without_user(address),
            socket_timeout=self.TIMEOUT,
            socket_connect_timeout=self.TIMEOUT,
            retry=Retry(NoBackoff(), 0),
            health_check_interval=30,
            credential_provider=None if path is None else _credentials_in(path),
        )
        self._unreachable = (RedisError, OSError, TimeoutError)
        self._paused_until = 0.0
        self._was_reachable = True

    async def get(self, key: str) -> bytes | None:
        """See Cache."""
        found = await self._try(lambda: self._redis.get(self._prefix + key))
        return found.encode() if isinstance(found, str) else found  # text only if the address asks for decoded answers

    async def set(self, key: str, value: bytes, ttl: float) -> None:
        """See Cache."""
        if ttl <= 0:
            await self.delete(key)
        else:
            await self._try(lambda: self._redis.set(self._prefix + key, value, px=max(1, round(ttl * 1000))))

    async def delete(self, key: str) -> None:
        """See Cache."""
        await self._try(lambda: self._redis.unlink(self._prefix + key))

    async def clear(self) -> None:
        """See Cache. Takes the keys in batches, so that Redis stays free for others."""
        await self._try(self._clear)

    async def ping(self) -> bool:
        """See Cache. Asks even while an unreachable Redis is otherwise left alone, and so ends that pause."""
        self._paused_until = 0.0
        return await self._try(self._answers) is True

    async def close(self) -> None:
        """See Cache."""
        await self._redis.aclose()

    async def _answers(self) -> bool:
        await self._redis.ping()
        return True

    async def _clear(self) -> None:
        batch: list[bytes] = []
        async for key in self._redis.scan_iter(match=f"{_literal(self._prefix)}*", count=500):
            batch.append(key)
            if len(batch) == 500:
                await self._redis.unlink(*batch)
                batch.clear()
        if batch:
            await self._redis.unlink(*batch)

    async def _try(self, action: Callable[[], Awaitable[T]]) -> T | None:
        """The answer of Redis, or None when it cannot be reached."""
        if time.monotonic() < self._paused_until:
            return None
        try:
            answer = await action()
        except self._unreachable as error:
            self._paused_until = time.monotonic() + self.PAUSE
            if self._was_reachable:
                _log.warning("Redis cannot be reached, the cache is empty until it can: %s", error)
            self._was_reachable = False
            return None
        if not self._was_reachable:
            _log.info("Redis can be reached again")
            self._was_reachable = True
        return answer


def _credentials_in(path: Path) -> CredentialProvider:
    """Name and password as they stand in the address in this file whenever a connection is made."""
    from redis.credentials import CredentialProvider

    class InFile(CredentialProvider):
        def get_credentials(self) -> tuple[str] | tuple[str, str]:
            parts = urlsplit(next(iter(read_lines(path)), ""))
            user, password = unquote(parts.username or ""), unquote(parts.password or "")
            return (user, password) if user else (password,)

        async def get_credentials_async(self) -> tuple[str] | tuple[str, str]:
            return self.get_credentials()

    return InFile()


def _literal(prefix: str) -> str:
    """`prefix` as a pattern of Redis that matches itself only."""
    return "".join(f"\\{character}" if character in "*?[]\\^-" else character for character in prefix)
