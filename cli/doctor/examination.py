"""Runs all checks concurrently, each with a time limit."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Thread
from typing import Final

from cli.doctor import clock, database, disk, embedded, engine, env_file, inotify, line_ends, ownership, ports, venv, volume
from cli.doctor.finding import Finding, problem, warning
from cli.doctor.machine import Machine

Check = Callable[[Machine], list[Finding]]

#: Longer than two commands of a hanging Docker; the whole examination takes no longer than this.
LIMIT_SECONDS: Final = 20.0

CHECKS: Final[tuple[tuple[str, Check], ...]] = (
    (engine.NAME, engine.check),
    (env_file.NAME, env_file.check),
    (ports.NAME, ports.check),
    (ownership.NAME, ownership.check),
    (venv.NAME, venv.check),
    (volume.NAME, volume.check),
    (database.NAME, database.check),
    (embedded.NAME, embedded.check),
    (inotify.NAME, inotify.check),
    (disk.NAME, disk.check),
    (clock.NAME, clock.check),
    (line_ends.NAME, line_ends.check),
)
"""In the order in which one would repair things."""


def examine(machine: Machine, checks: Sequence[tuple[str, Check]] = CHECKS, seconds: float = LIMIT_SECONDS) -> list[Finding]:
    """Run the checks and return all findings, in their order. A check that hangs is a finding; a bug in one is raised."""
    machine.docker, machine.env  # noqa: B018 - made once, before several threads would
    running = [(name, _start(check, machine)) for name, check in checks]
    end = time.monotonic() + seconds
    findings: list[Finding] = []
    for name, answer in running:
        try:
            findings += answer.result(timeout=max(0.0, end - time.monotonic()))
        except TimeoutError:
            cure = "a disk, a network mount or Docker does not respond: restart Docker, check `dmesg`, and run `dq doctor` again"
            findings.append(problem(name, f"The check did not end within {seconds:.0f} s", cure))
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            cure = "make it readable for you, or run `dq doctor` as the owner of the checkout"
            findings.append(warning(name, f"The check could not be run ({where}{error.strerror})", cure))
    return findings


def _start(check: Check, machine: Machine) -> Future[list[Finding]]:
    """Start a check in a daemon thread, because one that hangs in the kernel cannot be stopped."""
    answer: Future[list[Finding]] = Future()

    def run() -> None:
        try:
            answer.set_result(check(machine))
        except BaseException as error:  # noqa: BLE001 - not kept here: `result` raises it where it is waited for
            answer.set_exception(error)

    Thread(target=run, daemon=True, name=check.__module__).start()
    return answer
