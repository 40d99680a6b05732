"""The embedded PostgreSQL of ``make run``: its state, the programs that use it, and its space. Starts nothing."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from app.errors import DraftQueenError
from app.settings import load_settings
from cli.doctor.disk import Room, judge
from cli.doctor.finding import Finding, ok, problem, skipped, warning
from cli.doctor.machine import Machine
from cli.serve.port import having_open, names_of

NAME: Final = "embedded"


def check(machine: Machine) -> list[Finding]:
    """Report on the folder of the server and its processes, and on its disk if that is not the checkout's."""
    if machine.in_container:
        return [skipped(NAME, "This is a container: its database is another service")]
    from tools.embedded import EmbeddedPostgres

    try:
        settings = load_settings(machine.env_file)
        folder = EmbeddedPostgres(settings.embedded_dir).directory
    except DraftQueenError:
        return [skipped(NAME, "The settings are invalid, so the folder of the embedded PostgreSQL is unknown")]
    if settings.database_url is not None:
        return [skipped(NAME, "DATABASE_URL is set, so `make run` uses that database")]
    if not (folder / "cluster").exists():
        return [skipped(NAME, "`make run` has not made its database yet")]
    findings = [_state(folder)]
    if folder.stat().st_dev != machine.checkout.stat().st_dev:
        findings.append(judge("the embedded PostgreSQL", Room.at(folder)))
    return findings


def _state(folder: Path) -> Finding:
    cluster = folder / "cluster"
    if not (cluster / "PG_VERSION").exists():
        return problem(NAME, f"{cluster} is not a complete database", "move the folder away, then run `make run`")
    size = f"{folder}, {_size(folder) / 1_000_000:,.0f} MB"
    if not Path("/proc/self").exists():
        return skipped(NAME, f"The embedded PostgreSQL is there ({size}); only Linux shows whether it is running")
    running, users = bool(list(having_open({str(folder / "server.lock")}))), _users(folder)
    if running and users:
        return ok(NAME, f"The embedded PostgreSQL is running ({size}), used by {', '.join(users)}")
    if running:
        cure = "wait until it has stopped; if it does not, `make run` stops it and starts it again"
        return warning(NAME, f"The embedded PostgreSQL is running ({size}), but no process that you can see uses it", cure)
    if users:
        cure = f"{folder / 'server.log'} says why; stop that program and run `make run`"
        return problem(NAME, f"The embedded PostgreSQL is not running, although {', '.join(users)} uses it", cure)
    return ok(NAME, f"The embedded PostgreSQL is not running; `make run` starts it ({size})")


def _users(folder: Path) -> list[str]:
    """Return the programs that use the server, without its keeper: each has ``users.lock`` open."""
    using, keeping = (having_open({str(folder / name)}) for name in ("users.lock", "keeper.lock"))
    keepers = set(keeping)
    return list(names_of(process for process in using if process not in keepers))


def _size(folder: Path) -> int:
    """Add up the files; a running server removes some meanwhile."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                total += Path(place, name).lstat().st_size
    return total
