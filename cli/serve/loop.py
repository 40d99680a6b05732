"""Starts the API and the pipeline's worker: directly, or in a development loop that replaces them at every edit.

The loop is a separate program (docs/debugging.md): it is started by its name and never imported, and production images do not contain it.
"""

import os
import sys
from importlib.util import find_spec

from app.settings import CHECKOUT, Settings

API_GRACE_SECONDS = 10
"""Longer than the API itself takes to drain: see app.server."""

WORKER_GRACE_SECONDS = 30
"""A running load gets 20 s to finish and 5 s to roll back: see pipeline.worker."""

_LOOP_GRACE = {"api": 8, "worker": 28}
_NEEDED = ("devloop", "watchfiles", "debugpy")


def is_plain() -> bool:
    """Check whether the loop restarts an ordinary process at each edit, without a debug port, as on systems other than Linux."""
    return sys.platform != "linux"


def why_no_loop() -> str | None:
    """Return why the development loop cannot run here, as a part of a sentence; ``None`` when it can."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    return f"{', '.join(missing)} is not installed" if missing else None


def api_command(settings: Settings, *, looped: bool) -> list[str]:
    """Return module and arguments of the process that serves requests."""
    if not looped:
        return ["app.server"]
    return [
        "devloop",
        "app.server:development",
        *_watched("app"),
        *_loop(settings, "API_DEBUG_PORT", settings.api_debug_port, _LOOP_GRACE["api"]),
    ]


def worker_command(settings: Settings, *, looped: bool) -> list[str]:
    """Return module and arguments of the process that runs due loads."""
    if not looped:
        return ["pipeline.worker"]
    # the worker's next generation is less urgent than a page: check less often
    watched = [*_watched("app", "pipeline"), "--step", "50"]
    return [
        "devloop",
        "run",
        "pipeline.worker:main",
        *watched,
        *_loop(settings, "PIPELINE_DEBUG_PORT", settings.pipeline_debug_port, _LOOP_GRACE["worker"]),
    ]


def in_container() -> bool:
    """Check whether this is the development image, which contains its packages."""
    return "DRAFT_QUEEN_CONTAINER" in os.environ


def _watched(*packages: str) -> list[str]:
    return [argument for package in packages for argument in ("--watch", str(CHECKOUT / package))]


def _loop(settings: Settings, name: str, debug_port: int, grace: int) -> list[str]:
    arguments = ["--root", str(CHECKOUT), "--grace", str(grace)]
    if is_plain():
        return [*arguments, "--plain"]
    arguments += ["--polling", settings.polling]
    lock = CHECKOUT / "requirements" / "run.txt"
    if lock.is_file() and not in_container():  # there, [tool.devloop] in pyproject.toml applies
        arguments += ["--lock", str(lock), "--install", "stop, and `make run` again"]
    if debug_port:
        arguments += ["--debug-host", settings.debug_host, "--debug-port", str(debug_port)]
        arguments += ["--debug-port-hint", f"choose another: make run {name}={debug_port + 100}"]
    return arguments
