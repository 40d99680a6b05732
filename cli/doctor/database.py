"""The database that this machine would use: whether it responds, accepts our login, and has the schema of this code."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from app.errors import DraftQueenError
from app.settings import load_settings
from cli.doctor.finding import Finding, ok, problem, skipped, warning
from cli.doctor.machine import Machine
from cli.doctor.ports import is_own, is_port

NAME: Final = "database"
CONNECT_SECONDS: Final = 5.0

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Address:
    """The DSN of a database. ``of_stack``: it belongs to the compose stack, whose volume and password this checkout manages."""

    dsn: str
    of_stack: bool


@dataclass(frozen=True, slots=True)
class Reached:
    """A database that responded: its clock, and ours before and after the query, in seconds since 1970."""

    address: Address
    clock: float
    before: float
    after: float


def check(machine: Machine) -> list[Finding]:
    """Report the first of: no database to check, not reachable, access denied, another schema, healthy."""
    reached = reach(machine)
    return [reached if isinstance(reached, Finding) else _schema(machine, reached.address.dsn)]


def reach(machine: Machine, now: Clock = time.time) -> Reached | Finding:
    """Connect to the database and return its response, or the reason why that failed."""
    import asyncpg

    address = find(machine)
    if isinstance(address, Finding):
        return address
    try:
        return asyncio.run(_ask(address, now))
    except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError):
        cure = (
            "put the old POSTGRES_PASSWORD back into .env, or start from scratch with `make clean` (which removes its data)"
            if address.of_stack
            else "correct user and password in DATABASE_URL or DATABASE_PASSWORD"
        )
        return problem(NAME, "The database was made with another user or password", cure)
    except asyncpg.InvalidCatalogNameError:
        cure = (
            "its first start was interrupted and its volume is incomplete, so remove it with `make clean` and start again"
            if address.of_stack
            else "create it, or correct DATABASE_URL"
        )
        return problem(NAME, "The server responds but does not have the database", cure)
    except asyncpg.CannotConnectNowError:
        return warning(NAME, "The database is starting or stopping", "try again in a moment")
    except asyncpg.PostgresError as error:
        return problem(NAME, f"The database refuses a connection ({type(error).__name__})", _look(address))
    except OSError:  # including a time-out
        return problem(NAME, "The database cannot be reached", _look(address))
    except (asyncpg.InterfaceError, ValueError):  # its message may contain the DSN
        return problem(
            NAME, "DATABASE_URL contains an option that PostgreSQL does not support", "write postgresql://user:password@host:5432/database"
        )


def _look(address: Address) -> str:
    return "`docker compose logs db` says why, `make up` starts it" if address.of_stack else "start it, or correct DATABASE_URL"


def find(machine: Machine) -> Address | Finding:
    """Find the database of this machine, or the reason why none is checked. Starts nothing."""
    try:
        url = load_settings(machine.env_file).database_url
    except DraftQueenError:
        if machine.in_container or machine.environment.get("DATABASE_URL") or machine.env.get("DATABASE_URL"):
            return skipped(NAME, "The settings are invalid, so the database URL is unknown")
        url = None
    if url is not None:
        return Address(url, of_stack=machine.mounted)
    if machine.in_container:
        return skipped(NAME, "DATABASE_URL is not set")
    return _of_stack(machine)


def _of_stack(machine: Machine) -> Address | Finding:
    containers = machine.docker.containers()
    if containers is None:
        return skipped(NAME, "DATABASE_URL is not set, and Docker does not report whether a stack is running")
    own = [container for container in containers if is_own(machine, container)]
    states = {container.service: container.state for container in own}
    state = states.get("db")
    if state == "running":
        port = machine.compose_value("POSTGRES_PORT")
        if not is_port(port):
            return skipped(NAME, "POSTGRES_PORT in .env is not a port")
        password = quote(machine.compose_value("POSTGRES_PASSWORD"), safe="")
        return Address(f"postgresql://draft_queen:{password}@127.0.0.1:{port}/draft_queen", of_stack=True)
    if state == "restarting" or (state is not None and "running" in states.values()):
        cure = "`docker compose logs db` says why; if its first start was interrupted, remove the incomplete volume with `make clean`"
        return problem(NAME, f"The database's container is {state}", cure)
    return skipped(NAME, "DATABASE_URL is not set and no stack of this checkout is running; this check does not start the embedded server")


async def _ask(address: Address, now: Clock) -> Reached:
    from app.db.connect import connect

    connection = await connect(address.dsn, timeout=CONNECT_SECONDS, command_timeout=CONNECT_SECONDS)
    try:
        before = now()
        clock = await connection.fetchval("select extract(epoch from clock_timestamp())::float8")
        return Reached(address, clock, before, now())
    finally:
        await connection.close(timeout=CONNECT_SECONDS)


def _schema(machine: Machine, dsn: str) -> Finding:
    from cli.session import schema_status

    try:
        found = schema_status(dsn)
    except DraftQueenError as error:
        return problem(NAME, error.message.rstrip("."), (error.cure or "see docs/cli.md").rstrip("."))
    if not found.known and not found.fits:
        return problem(
            NAME, f"The schema {found.current} was written by newer code", "`git pull`, or `make clean` (which removes its data)"
        )
    if not found.up_to_date:
        cure = f"run `{'dq db' if machine.in_container and not machine.mounted else 'make'} migrate`"
        behind = f"The schema {found.current} is older than this code's" if found.current else "The database has no tables yet"
        return problem(NAME, behind, cure)
    return ok(NAME, f"The database responds and has the schema of this code ({found.head})")
