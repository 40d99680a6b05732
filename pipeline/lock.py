"""One load at a time, in all processes that share a database."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg

from pipeline.errors import AlreadyRunning

#: The key of the session advisory lock; any number does, as long as nothing else in this database uses it.
LOAD_LOCK_KEY = 0x6472_6166_7471

#: The applications that hold the lock, as the server's list of sessions shows them.
LOADING, DECIDING = "draft-queen pipeline", "draft-queen identity"

_POLL_SECONDS = 0.5
_STARTED_BY = {"command": "dq etl run", "schedule": "the schedule", "start": "the start of the service", "rollback": "dq etl rollback"}
_TIME = "%Y-%m-%d %H:%M:%S UTC"
#: A dry run has no entry in the ledger, nor has a load that has only begun; entries of processes that died are older than the session.
_HOLDER = """
    select a.usename, a.application_name, host(a.client_addr) as host, a.backend_start, r.run_id, r.trigger, r.started_at
    from pg_locks l join pg_stat_activity a using (pid)
    left join lateral (
        select run_id, trigger, started_at from load_run where state = 'running' and started_at >= a.backend_start order by run_id limit 1
    ) r on true
    where l.locktype = 'advisory' and l.granted and l.database = (select oid from pg_database where datname = current_database())
      and l.classid = $1::bigint >> 32 and l.objid = $1::bigint & 4294967295 and l.objsubid = 1
"""


#: What the server's list of sessions shows of the holder; PostgreSQL keeps 63 bytes of it.
_SIGN = "select set_config('application_name', left(current_setting('application_name') || $1, 63), false)"


def _ignore(_holder: str) -> None:
    """Report nothing."""


@asynccontextmanager
async def load_lock(
    connection: asyncpg.Connection, wait_seconds: float = 0, waiting: Callable[[str], None] = _ignore, *, decision: bool = False
) -> AsyncIterator[None]:
    """Hold the load lock on this connection; PostgreSQL releases it by itself when the process dies.

    ``waiting`` is called with a description of the holder when another session holds it. Raises ``AlreadyRunning`` when one still does
    after ``wait_seconds``, with advice for a ``decision`` or for a load.
    """
    clock = asyncio.get_running_loop().time
    deadline, reported = clock() + wait_seconds, False
    while not await connection.fetchval("select pg_try_advisory_lock($1)", LOAD_LOCK_KEY):
        if clock() >= deadline:
            raise AlreadyRunning(await _holder(connection), decision=decision)
        if not reported:
            waiting(await _holder(connection))
            reported = True
        await asyncio.sleep(min(_POLL_SECONDS, max(0.0, deadline - clock())))
    try:
        await connection.execute(_SIGN, f", process {os.getpid()} on {socket.gethostname()}")
        yield
    finally:
        if not connection.is_closed():
            await connection.execute("select pg_advisory_unlock($1)", LOAD_LOCK_KEY)
            await connection.execute("reset application_name")


async def _holder(connection: asyncpg.Connection) -> str:
    """Describe the load or the decision that holds the lock, without a name when it has just ended."""
    running = "a load is already running"
    holder = await connection.fetchrow(_HOLDER, LOAD_LOCK_KEY)
    if holder is None:
        return running
    client = f" at {holder['host']}" if holder["host"] else ""
    who = f"{holder['application_name'] or 'an unnamed application'}, database user {holder['usename']}{client}"
    if holder["run_id"] is not None:
        return f"{running}: load {holder['run_id']}, started by {_STARTED_BY[holder['trigger']]} at {holder['started_at']:{_TIME}} ({who})"
    if holder["application_name"].startswith(DECIDING):
        running = "another process holds the load lock: a decision of dq identity"
    else:
        running += ": without an entry in the ledger"
    return f"{running}, since {holder['backend_start']:{_TIME}} ({who})"
