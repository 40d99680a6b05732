"""How often one client may send expensive requests: ``dependencies=[Depends(RateLimit("streams"))]`` at the route.

A client is a network address and, where a request has one, its bearer token as well: both are counted, and the first one above the limit
decides. So a token does not get more by coming from many addresses, and an address does not get more by inventing tokens. A response from
the cache is not counted: the route does not run.
"""

# no `from __future__ import annotations`: FastAPI reads the signature of an instance, whose module it does not know
import hashlib
import math
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Literal, Self

from starlette.requests import Request

from app.errors import TooManyRequests
from app.http.state import state_of
from app.settings import Settings

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from app.cache.redis import RedisConnection

Limited = Literal["exports", "searches", "streams"]
#: Seconds in which the number of requests is limited.
WINDOW = TooManyRequests.window
#: In one window. Beyond that, counting in memory begins again, so that many addresses cannot fill it.
MOST_CLIENTS = 50_000
#: IPv6 networks of this size belong to one customer, who has all addresses in it.
_IPV6_NETWORK = 64


class RateLimit:
    """Dependency that refuses a request above the limit of its kind; ``when`` says which requests to the route are of that kind."""

    def __init__(self, kind: Limited, when: Callable[[Request], bool] | None = None) -> None:
        self._kind: Limited = kind
        self._when = when

    async def __call__(self, request: Request) -> None:
        """Count the request.

        Raises:
            TooManyRequests: the client has sent too many of this kind.
        """
        if self._when is None or self._when(request):
            await state_of(request)["rate_limiter"].count(self._kind, clients_of(request))


class MemoryCounters:
    """Counts requests by name and window for this process; windows are numbered."""

    def __init__(self) -> None:
        self._windows: dict[int, Counter[str]] = {}

    async def add(self, names: Sequence[str], window: int) -> list[tuple[int, int]]:
        """Count one under each name. Return the numbers of the previous window and of this one."""
        previous, current = self._windows.get(window - 1, Counter()), self._windows.get(window, Counter())
        if len(current) > MOST_CLIENTS:
            current.clear()
        self._windows = {window - 1: previous, window: current}
        current.update(names)
        return [(previous[name], current[name]) for name in names]

    async def take_back(self, names: Sequence[str], window: int) -> None:
        """Undo ``add``: a refused request does not count."""
        current = self._windows.get(window, Counter())
        current.subtract(names)
        for name in names:
            if current[name] <= 0:  # names that are invented must not fill the memory
                del current[name]


class RedisCounters:
    """Counts the same for every process that uses the same Redis, which forgets the numbers by itself."""

    def __init__(self, redis: "RedisConnection") -> None:
        self._redis = redis

    async def add(self, names: Sequence[str], window: int) -> list[tuple[int, int]] | None:
        """Count one under each name, as ``MemoryCounters.add`` does; return ``None`` when Redis does not respond."""

        async def count(client: "Redis") -> list[bytes | int | None]:
            pipeline = client.pipeline(transaction=False)
            for name in names:
                pipeline.get(_key(name, window - 1))
                pipeline.incr(_key(name, window))
                pipeline.expire(_key(name, window), 2 * WINDOW)
            return await pipeline.execute()

        numbers = await self._redis.attempt(count)
        return (
            None
            if numbers is None
            else [(int(before or 0), int(now or 0)) for before, now in zip(numbers[::3], numbers[1::3], strict=True)]
        )

    async def take_back(self, names: Sequence[str], window: int) -> None:
        """Undo ``add``."""

        async def subtract(client: "Redis") -> list[int]:
            pipeline = client.pipeline(transaction=False)
            for name in names:
                pipeline.decr(_key(name, window))
            return await pipeline.execute()

        await self._redis.attempt(subtract)


def _key(name: str, window: int) -> str:
    return f"draft-queen:limit:{name}:{window}"


class RateLimiter:
    """Counts in Redis, for all processes together; in memory where there is no Redis, and while it does not respond."""

    def __init__(
        self, per_minute: Mapping[Limited, int], redis: "RedisConnection | None" = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._per_minute = per_minute
        self._memory = MemoryCounters()
        self._redis = RedisCounters(redis) if redis else None
        self._clock = clock
        #: Refused requests by kind, for metrics.
        self.refused: Counter[tuple[str, ...]] = Counter()

    @classmethod
    def of(cls, settings: "Settings", redis: "RedisConnection | None") -> Self:
        """Return the limiter that the settings describe."""
        per_minute: Mapping[Limited, int] = {
            "exports": settings.exports_per_minute,
            "searches": settings.searches_per_minute,
            "streams": settings.streams_per_minute,
        }
        return cls(per_minute, redis)

    async def count(self, kind: Limited, clients: Sequence[str]) -> None:
        """Count a request of a client that has these names.

        Raises:
            TooManyRequests: it is above the limit for one of them.
        """
        allowed = self._per_minute[kind]
        if allowed == 0:
            return
        window, passed = divmod(self._clock(), WINDOW)
        names = [f"{kind}:{client}" for client in clients]
        counters: MemoryCounters | RedisCounters = self._redis or self._memory
        numbers = await counters.add(names, int(window))
        if numbers is None:
            counters = self._memory
            numbers = await self._memory.add(names, int(window))
        wait = max(seconds_to_wait(previous, current, allowed, passed) for previous, current in numbers)
        if wait > 0:
            await counters.take_back(names, int(window))
            self.refused[kind,] += 1
            raise TooManyRequests(kind, allowed, math.ceil(wait))


def seconds_to_wait(previous: int, current: int, allowed: int, passed: float) -> float:
    """Return when a request is allowed that is the last of ``current`` in this window, ``passed`` seconds after its start.

    Of the previous window, the part counts that is less than a whole window ago.
    """
    if previous * (WINDOW - passed) <= (allowed - current) * WINDOW:
        return 0
    if current <= allowed:  # later in this window
        return WINDOW - (allowed - current) * WINDOW / previous - passed
    return 2 * WINDOW - (allowed - 1) * WINDOW / (current - 1) - passed  # in the next one


def clients_of(request: Request) -> list[str]:
    """Return the names under which the sender of a request is counted. The server has replaced the address of a trusted proxy."""
    names = [_network(request.client.host if request.client else "")]
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        names.append(f"token-{hashlib.blake2b(token.encode('latin-1'), digest_size=16).hexdigest()}")
    return names


def _network(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:  # a Unix socket, or a proxy that sends something else
        return "unknown"
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or IPv6Network((int(address), _IPV6_NETWORK), strict=False))
    return str(address)
