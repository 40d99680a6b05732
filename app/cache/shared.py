"""The second level of the response cache, in Redis: a new process, or a second one, does not start cold.

A response from there takes half a millisecond; most responses take several to make (decision 26 has the numbers). Keys carry the release
and the identity of the data, so nothing has to be removed when either changes. The first level never waits for this one.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from app.cache.responses import Entry

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from app.cache.redis import RedisConnection

#: Responses that took fewer seconds to make are not worth a place: the next process makes them as quickly as it reads them.
CHEAP = 0.001
LARGEST_BODY = 256 * 1024
#: Seconds after which Redis forgets a response.
LIFETIME = 24 * 3600
#: Seconds until responses are written, together. One that was made of new data while the notice of them was under way is dropped by then.
WRITE_AFTER = 0.5
#: More bytes than this do not wait: they are sent in one go, and nothing else happens in the process meanwhile.
MOST_WAITING = 4 * 1024 * 1024

_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Entry)


class SharedCache:
    """Responses of one release in Redis. ``is_current`` tells whether an identity is that of the data being served."""

    def __init__(self, redis: RedisConnection, release: str, is_current: Callable[[str], bool]) -> None:
        self._redis = redis
        self._is_current = is_current
        self._prefix = f"draft-queen:response:{release}"
        self._waiting: dict[str, tuple[str, Entry]] = {}  # by name, with the identity of the data
        self._waiting_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None

    async def get(self, data: str, key: str) -> Entry | None:
        """Return the response of these data; ``None`` when it is not there, or Redis does not respond at once."""
        name = self._name(data, key)
        content = await self._redis.attempt(lambda client: client.get(name))
        try:
            return _DECODER.decode(content) if isinstance(content, bytes) else None
        except msgspec.MsgspecError:  # written by something else
            return None

    def put(self, data: str, key: str, entry: Entry, seconds: float) -> None:
        """Keep a response that took ``seconds`` to make, if that is worth it. It is written a moment later."""
        size = self._waiting_bytes + len(entry.body)
        if seconds < CHEAP or len(entry.body) > LARGEST_BODY or size > MOST_WAITING or not self._redis.up:
            return
        self._waiting_bytes = size
        self._waiting[self._name(data, key)] = data, entry
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(WRITE_AFTER, self._start_writing)

    def close(self) -> None:
        """Stop writing."""
        for each in (self._timer, self._writing):
            if each is not None:
                each.cancel()

    def _name(self, data: str, key: str) -> str:
        digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        return f"{self._prefix}:{data}:{digest}"

    def _start_writing(self) -> None:
        entries = {name: entry for name, (data, entry) in self._waiting.items() if self._is_current(data)}
        self._waiting, self._waiting_bytes, self._timer = {}, 0, None
        if entries and (self._writing is None or self._writing.done()):
            self._writing = asyncio.create_task(self._write(entries))

    async def _write(self, entries: dict[str, Entry]) -> None:
        async def write(client: Redis) -> list[object]:
            pipeline = client.pipeline(transaction=False)
            for name, entry in entries.items():
                pipeline.set(name, _ENCODER.encode(entry), ex=LIFETIME)
            return await pipeline.execute()

        await self._redis.attempt(write, seconds=1)
