"""The checks behind readiness; each has a time limit and says what is wrong in words."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Literal

from app.backups.service import read_state, verdict
from app.cache.redis import RedisConnection
from app.context import ServiceContext
from app.db.database import DatabaseUnavailable
from app.db.schema_version import HOW_TO_MIGRATE, HeadUnknown, head, read_version
from app.health.queries import PING
from app.health.schemas import Check, Readiness

#: Seconds a check may take.
LIMIT = 2.0


async def check(context: ServiceContext, redis: RedisConnection | None, release: str, backup_max_age_hours: float | None) -> Readiness:
    """Run every check concurrently. Cache and backups are reported and do not decide: every response can be given without them.

    Without ``backup_max_age_hours`` no backups are expected.
    """
    probes = {"database": lambda: _database(context), "schema": lambda: _schema(context), "cache": lambda: _cache(redis)}
    if backup_max_age_hours is not None:
        probes["backup"] = lambda: _backup(context, backup_max_age_hours)
    checks = dict(zip(probes, await asyncio.gather(*map(_timed, probes.values())), strict=True))
    status: Literal["ready", "not ready"] = "ready" if checks["database"].ok and checks["schema"].ok else "not ready"
    return Readiness(status=status, release=release, checks=checks)


async def _timed(probe: Callable[[], Awaitable[tuple[bool, str]]]) -> Check:
    started = time.perf_counter()
    try:
        async with asyncio.timeout(LIMIT):
            ok, detail = await probe()
    except TimeoutError:
        ok, detail = False, f"no answer within {LIMIT:.0f} s"
    except DatabaseUnavailable as error:
        ok, detail = False, error.message
    return Check(ok=ok, detail=detail, milliseconds=round((time.perf_counter() - started) * 1000, 2))


async def _database(context: ServiceContext) -> tuple[bool, str]:
    await context.database.fetch(PING)
    return True, "responds"


async def _schema(context: ServiceContext) -> tuple[bool, str]:
    found = await context.database.read(read_version)
    try:
        wanted = head()
    except HeadUnknown as error:
        return False, str(error)
    if found.revision == wanted:
        return True, f"at {wanted}"
    if found.fits:
        return True, f"at {found.revision}, which only adds to {wanted}"
    return False, f"at {found.revision or 'no revision'}, this code needs {wanted}: {HOW_TO_MIGRATE}"


async def _cache(redis: RedisConnection | None) -> tuple[bool, str]:
    if redis is None:
        return True, "in this process"
    return (True, "responds") if await redis.ping() else (False, "degraded: cannot be reached, requests are served without it")


async def _backup(context: ServiceContext, max_age_hours: float) -> tuple[bool, str]:
    return verdict(await read_state(context), max_age_hours)
