"""Free space for the checkout and for Docker's data."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cli.doctor.finding import Finding, ok, problem, skipped, warning
from cli.doctor.machine import Machine

NAME: Final = "disk"

GIGABYTE: Final = 1_000_000_000
LOW_BYTES: Final = 3 * GIGABYTE
FULL_BYTES: Final = 1 * GIGABYTE
#: One installed environment has 30,000 files.
LOW_FILES: Final = 100_000
FULL_FILES: Final = 20_000

_CURES: Final = {
    "the checkout": "remove files that you do not need; `make clean` removes everything that the checkout has created",
    "the embedded PostgreSQL": "free some space, or set DATA_DIR to a folder on another disk",
    "Docker": "show what it uses with `docker system df` and remove unused data with `docker system prune`",
}


@dataclass(frozen=True, slots=True)
class Room:
    """Free bytes, and free files (inodes) where the file system counts them."""

    bytes: int
    files: int | None

    @classmethod
    def at(cls, folder: Path) -> Room:
        """Return the space that an ordinary user may still use.

        Raises:
            OSError: the folder is not accessible.
        """
        found = os.statvfs(folder)
        return cls(found.f_bavail * found.f_frsize, found.f_favail if found.f_files else None)


def check(machine: Machine) -> list[Finding]:
    """Check the free space of the checkout and of Docker's data."""
    return [judge("the checkout", Room.at(machine.checkout)), *_docker(machine)]


def _docker(machine: Machine) -> list[Finding]:
    if machine.in_container or machine.docker.path is None:
        return []
    folder = machine.docker.data_root()
    if folder is None:
        return [skipped(NAME, "Docker does not report where its data are")]
    try:
        return [judge("Docker", Room.at(folder))]
    except OSError:  # in Docker Desktop's virtual machine, or on another host
        return [skipped(NAME, "Docker's data are not accessible from here")]


def judge(whose: str, room: Room) -> Finding:
    """Judge the free space; ``whose`` is a key of the advice."""
    gigabytes = f"{room.bytes / GIGABYTE:.1f} GB"
    if room.bytes < LOW_BYTES:
        say = problem if room.bytes < FULL_BYTES else warning
        return say(NAME, f"Only {gigabytes} are free for {whose}", _CURES[whose])
    if room.files is not None and room.files < LOW_FILES:
        say = problem if room.files < FULL_FILES else warning
        return say(NAME, f"Only {room.files} inodes are free for {whose}", _CURES[whose])
    return ok(NAME, f"{gigabytes} are free for {whose}")
