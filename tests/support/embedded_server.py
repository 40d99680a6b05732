"""What runs of an embedded PostgreSQL server."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from tools.embedded_keeper import cluster_name


def processes_of(cluster: Path) -> list[int]:
    """Return the running processes of the server of this data directory.

    The number in postmaster.pid proves nothing: it may belong to a zombie, or to a stranger that got the number since. What is read
    here may be read without privileges, which root in a container does not have.
    """
    found: list[int] = []
    if not cluster.exists():
        return found
    owner = cluster.stat().st_uid
    marks = (b"\0-D\0" + os.fsencode(cluster) + b"\0", f"postgres: {cluster_name(cluster)}: ".encode())
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # gone in the meantime
            # a zombie has no command line; a stranger's name is not postgres
            if entry.stat().st_uid != owner or (entry / "comm").read_bytes() != b"postgres\n":
                continue
            command = (entry / "cmdline").read_bytes()
            if any(mark in command for mark in marks):
                found.append(int(entry.name))
    return found
