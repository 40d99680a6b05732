"""The owner of the files: a container of another user cannot write them, or creates files that their owner cannot change."""

import os
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from cli.doctor.finding import Finding, ok, problem, skipped, warning
from cli.doctor.machine import Machine

NAME: Final = "owner"

MOST_ENTRIES: Final = 5_000
#: Git's and the packages' files are many, and made by other means.
SKIPPED: Final = frozenset({".git", ".venv"})

#: In quotes, because with a trailing full stop the command would apply to the parent folder.
TAKE_BACK: Final = "`sudo chown -R $(id -u):$(id -g) .`"


def check(machine: Machine) -> list[Finding]:
    """Check that user, checkout and ``.env`` agree, and that root has left no files in an ordinary user's checkout."""
    if machine.in_container and not machine.mounted:
        return [skipped(NAME, "No checkout is mounted into this container")]
    owner = machine.checkout.stat().st_uid
    findings = [*(_in_container(machine, owner) if machine.in_container else _on_host(machine, owner)), *_of_root(machine, owner)]
    return findings or [ok(NAME, f"The checkout belongs to user {owner}, as it should")]


def _in_container(machine: Machine, owner: int) -> list[Finding]:
    if machine.uid == owner:
        return []
    cure = "run `make up` on the host as the owner of the checkout, which builds the image for that user"
    return [problem(NAME, f"This container runs as user {machine.uid} and the checkout belongs to {owner}", cure)]


def _on_host(machine: Machine, owner: int) -> list[Finding]:
    findings = []
    if machine.uid != owner:
        # Root can write everything; the files that it creates are the problem.
        say = warning if machine.uid == 0 else problem
        cure = f"work as its owner, or take it over with {TAKE_BACK}"
        findings.append(say(NAME, f"You are user {machine.uid} and the checkout belongs to {owner}", cure))
    for name, own, kind in (("HOST_UID", owner, "user"), ("HOST_GID", machine.gid, "group")):
        if machine.env.get(name) == "0" and machine.docker.is_rootless():
            continue  # with such an engine, root inside is the caller
        given = machine.env.get(name)
        if given and given != str(own) and (kind == "user" or machine.uid == owner):
            whose = "the checkout's owner" if kind == "user" else "your group"
            cure = "run `make up` as the owner of the checkout, which writes the number again and builds the image for that user"
            findings.append(problem(NAME, f"{name} in .env is {given} and {whose} is {own}", cure))
    return findings


def _of_root(machine: Machine, owner: int) -> list[Finding]:
    if owner == 0:
        return []
    for entry in _entries(machine.checkout):
        with suppress(OSError):  # deleted in the meantime, or not accessible
            if entry.stat(follow_symlinks=False).st_uid == 0:
                path = Path(entry.path).relative_to(machine.checkout)
                where = "on the host " if machine.in_container else ""
                return [problem(NAME, f"Root owns {path} in this checkout", f"take it back {where}with {TAKE_BACK}")]
    return []


def _entries(top: Path) -> Iterator[os.DirEntry[str]]:
    """Yield the first entries of the checkout, level by level, so that a deep folder does not hide the others."""
    folders = deque([top])
    seen = 0
    while folders and seen < MOST_ENTRIES:
        with suppress(OSError), os.scandir(folders.popleft()) as listing:
            for entry in listing:
                if entry.name in SKIPPED:
                    continue
                seen += 1
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    folders.append(Path(entry.path))
