"""The connection to Redis, which makes some requests faster and counts others, and is never the reason that one fails or waits."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self, TypeVar
from urllib.parse import unquote, urlsplit

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.credentials import CredentialProvider
from redis.exceptions import RedisError, ResponseError

from app.secret_files import read_lines, split_secret_file, without_user

T = TypeVar("T")

log = structlog.get_logger(__name__)

#: Seconds a request waits for Redis, which responds in a tenth of a millisecond.
PATIENCE = 0.02
#: Seconds a connection, a PING and a command that no request waits for may take.
LIMIT = 1.0
#: Seconds between two attempts to reach a Redis that does not respond.
PAUSE = 0.5
#: A process uses one processor, so a few connections are never all waiting.
CONNECTIONS = 4
#: RuntimeError: a write to a closed connection of uvloop. ValueError: a file of credentials that cannot be read.
FAILURES = (RedisError, OSError, RuntimeError, ValueError)
#: A timeout that is so many seconds late is the fault of this process, which was busy; so many of them in a row count as a failure.
LATE, MOST_LATE = 0.002, 4


class RedisConnection:
    """Runs commands while Redis responds; ``up`` says whether it does."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._failed = asyncio.Event()
        self._failure = ""
        self._rejected = False  # and reported
        self._late = 0  # timeouts in a row
        self.up = False
        #: Commands that failed or took too long.
        self.errors = 0

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> AsyncIterator[Self]:
        """Connect in the background, and again whenever the connection was lost."""
        connection = cls(client_for(url))
        watching = asyncio.create_task(connection._watch(), name="watch Redis")
        try:
            yield connection
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await connection._client.aclose()

    async def attempt(self, command: Callable[[Redis], Awaitable[T]], seconds: float | None = None) -> T | None:
        """Return the result of a command; ``None`` when Redis is away, or does not respond within ``seconds`` (PATIENCE)."""
        if not self.up:
            return None
        loop = asyncio.get_running_loop()
        until = loop.time() + (PATIENCE if seconds is None else seconds)
        try:
            async with asyncio.timeout_at(until):
                result = await command(self._client)
        except ResponseError as error:  # it responds, and rejects the command
            self.errors += 1
            if not self._rejected:
                log.warning("Redis rejects commands; requests are served without it", error=str(error))
            self._rejected = True
        except FAILURES as error:
            self._late += 1
            if isinstance(error, TimeoutError) and loop.time() - until > LATE and self._late < MOST_LATE:
                return None
            self._late = 0
            self.errors += 1
            self.up = False  # so the next request does not try
            self._failed.set()
        else:
            self._late = 0
            return result
        return None

    async def ping(self, seconds: float = LIMIT) -> bool:
        """Ask Redis now."""
        try:
            async with asyncio.timeout(seconds):
                await self._client.ping()
        except FAILURES as error:
            self._failure = str(error) or type(error).__name__
            return False
        return True

    async def _watch(self) -> None:
        """Ping until Redis responds as quickly as requests need it, then wait until a command has failed."""
        away = False
        while True:
            if await self.ping() and await self.ping(PATIENCE):
                if away:
                    log.info("Redis responds again")
                away = False
                self._failed.clear()
                self._rejected = False
                self.up = True
                await self._failed.wait()
                continue
            if not away:
                log.warning("Redis does not respond; requests are served without it", error=self._failure)
            away = True
            await asyncio.sleep(PAUSE)


def client_for(url: str) -> Redis:
    """Return the client for a URL from the settings, which may name the file of the URL with its password."""
    address, path = split_secret_file(url)
    pool = BlockingConnectionPool.from_url(
        address if path is None else without_user(address),
        max_connections=CONNECTIONS,
        timeout=LIMIT,
        socket_timeout=LIMIT,
        socket_connect_timeout=LIMIT,
        retry=Retry(NoBackoff(), 0),
        driver_info=None,  # its name and version would take a right of their own (scripts/secrets.sh)
        credential_provider=None if path is None else _CredentialsInFile(path),
    )
    pool.connection_kwargs["decode_responses"] = False  # what is cached is not text, whatever the URL says
    return Redis.from_pool(pool)


class _CredentialsInFile(CredentialProvider):
    """Name and password as they are in the URL in a file, whenever a connection is made."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        """Read the file."""
        parts = urlsplit(next(iter(read_lines(self._path)), ""))
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return (user, password) if user else (password,)

    async def get_credentials_async(self) -> tuple[str] | tuple[str, str]:
        """Read the file."""
        return self.get_credentials()
