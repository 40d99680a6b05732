"""What the loop keeps in memory besides the worker, in which the application runs with or without it."""

from __future__ import annotations

import json

import psutil

from benchmarks.harness import pss_megabytes
from devloop_benchmarks.client import ask
from devloop_benchmarks.servers import Running


def beside_the_worker(running: Running) -> dict[str, float]:
    """Megabytes of every process of the loop that is not the worker, by its number, name and command."""
    worker = json.loads(ask(running.port, "/pid").body)["pid"]
    found = {}
    for process in running.processes():
        if process.pid != worker:
            try:
                name = f"{process.name()} {' '.join(process.cmdline())[-60:]}"
                found[f"{process.pid} {name}"] = round(pss_megabytes(process.pid), 1)
            except (psutil.NoSuchProcess, ProcessLookupError, FileNotFoundError):
                continue  # it has just ended
    return found


def is_adapter(name: str) -> bool:
    """Whether that process is debugpy's adapter, which a debugger without the loop starts as well."""
    return "adapter" in name
