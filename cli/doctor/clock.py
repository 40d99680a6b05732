"""Clocks that disagree, such as that of a virtual machine after its host has slept.

As a result make rebuilds too much or too little, logs have wrong times, and signed URLs expire early.
"""

import time
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from cli.doctor.database import Clock, reach
from cli.doctor.finding import Finding, ok, skipped, warning
from cli.doctor.machine import Machine

NAME: Final = "clock"
MOST_SECONDS: Final = 2.0

_CURE: Final = "restart Docker Desktop, in WSL `wsl --shutdown`, or switch time synchronisation on (`timedatectl set-ntp true`)"


def check(machine: Machine, now: Clock = time.time) -> list[Finding]:
    """Compare this machine's clock with the database's, and with the file system's."""
    return [_of_files(machine, now), _of_database(machine, now)]


def skew(seen: float, before: float, after: float) -> float:
    """Return by how many seconds a clock, read between two of our own readings, is ahead; negative when it is behind."""
    return seen - after if seen > after else min(seen - before, 0.0)


def _of_files(machine: Machine, now: Clock) -> Finding:
    try:
        with NamedTemporaryFile(prefix=".doctor-", dir=machine.checkout) as file:
            before = now()
            file.write(b"now")
            file.flush()
            found = skew(Path(file.name).stat().st_mtime, before, now())
    except OSError as error:
        return skipped(NAME, f"Nothing can be written into the checkout ({error.strerror})")
    return _judge("A new file in the checkout", found)


def _of_database(machine: Machine, now: Clock) -> Finding:
    reached = reach(machine, now)
    if isinstance(reached, Finding):
        return skipped(NAME, "No database responds, so its clock is not compared")
    return _judge("The database's clock", skew(reached.clock, reached.before, reached.after))


def _judge(what: str, seconds: float) -> Finding:
    if abs(seconds) > MOST_SECONDS:
        direction = "ahead of" if seconds > 0 else "behind"
        return warning(NAME, f"{what} is {abs(seconds):.0f} s {direction} this machine's clock", _CURE)
    return ok(NAME, f"{what} agrees with this machine's clock")
