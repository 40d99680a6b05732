"""A plain reload, for systems where the loop cannot fork safely: an ordinary process, which every edit ends and starts again.

The socket stays open, so that new connections wait meanwhile; one that was accepted in the last moment is reset, as by uvicorn itself.
On Linux the process ends when this one is killed. Nothing is kept in memory and no debugger stays attached.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from watchfiles import Change, DefaultFilter, run_process

from devloop.log import say
from devloop.modules import forget_bytecode
from devloop.options import Options
from devloop.watch import Rule, rule_of
from devloop.welcome import address
from devloop.worker.target import load

if TYPE_CHECKING:
    from multiprocessing.synchronize import Event


def run_plainly(options: Options, listener: socket.socket | None) -> int:
    """Run until SIGTERM or SIGINT; the exit code."""
    where = options.target if listener is None else f"on {address(options, listener)}"
    why = "--plain" if options.plain else f"this is {sys.platform}, and the fast one needs Linux"
    say(f"running {where} with a plain reload ({why}): every edit restarts the process (press Ctrl-C to quit)")
    if without := _without_effect(options):
        *others, last = without
        names = f"{', '.join(others)} and {last} have" if others else f"{last} has"
        say(f"{names} no effect with a plain reload")
    ready = None
    if options.ready_fd is not None:
        ready = multiprocessing.get_context("spawn").Event()  # watchfiles spawns the process as well
        threading.Thread(target=_report_ready, args=(ready, options.ready_fd), daemon=True).start()
    extra = [str(file) for file in (options.root / ".env", options.env_file) if file is not None and file.is_file()]
    never = DefaultFilter()

    def is_source(change: Change, path: str) -> bool:
        return path in extra or (never(change, path) and rule_of(path, options) not in (None, Rule.PAGE))

    def changed(changes: set[tuple[Change, str]]) -> None:
        forget_bytecode([path for _, path in changes])
        names = sorted(os.path.relpath(path) for _, path in changes)
        say(f"restarting: {', '.join(names[:3])}{f' and {len(names) - 3} more' if len(names) > 3 else ''}")

    logging.getLogger("watchfiles").setLevel(logging.ERROR)  # it logs signals as warnings
    with suppress(KeyboardInterrupt):  # a signal while an edit ends the process; otherwise it is caught there
        run_process(
            *options.watch, *extra, target=work, args=(options, listener, ready, os.getpid()), watch_filter=is_source, callback=changed,
            debounce=200, step=options.step, sigint_timeout=max(1, int(options.grace)),
        )  # fmt: skip
    return 0


def _without_effect(options: Options) -> list[str]:
    given = {
        "--debug-port": options.debug_port is not None,
        "--polling": options.polling != "auto",
        "--lock": bool(options.locks),
        "--install": bool(options.install),
        "--no-warm": not options.warm,
        "--stop-first": options.stop_first,
    }
    return [name for name, is_given in given.items() if is_given]


def _report_ready(ready: Event, pipe: int) -> None:
    ready.wait()
    with suppress(OSError):  # the other end is closed
        os.write(pipe, b"ready\n")
        os.close(pipe)


def work(options: Options, listener: socket.socket | None, ready: Event | None, parent: int) -> None:
    """Run the target, in a process of its own, which sets ``ready`` (if anything waits for it) when the target runs."""
    if sys.platform == "linux":
        from devloop.processes import die_with_parent

        die_with_parent(parent)
    with suppress(OSError):  # there is none
        sys.stdin = open(0, closefd=False)  # noqa: SIM115 - multiprocessing takes it away, and ``breakpoint()`` asks there
    sys.path.insert(0, str(options.root))
    if options.env_file is not None:
        from dotenv import load_dotenv

        load_dotenv(options.env_file)
    target = load(options.target)
    if listener is None:
        if ready is not None:
            ready.set()
        signal.signal(signal.SIGINT, lambda *_: signal.raise_signal(signal.SIGTERM))  # the function works until SIGTERM
        sys.exit(cast("Callable[[], int | None]", target)())
    import uvicorn

    from devloop.worker.configuration import configuration

    class Server(uvicorn.Server):
        """Reports its start."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started and ready is not None:
                ready.set()

    config = configuration(target, options.server, factory=options.factory)
    config.timeout_graceful_shutdown = max(1, int(options.grace) - 1)
    with suppress(KeyboardInterrupt):  # how an edit ends it
        Server(config).run(sockets=[listener])
