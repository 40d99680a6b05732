"""Wakes a thread that stands at a breakpoint for everything that it is to do.

In debugpy such a thread sleeps until its event is set, does one command, and sleeps again, for 0.2 s if nothing wakes it. Two flaws let it
sleep on. After "step" and "continue" debugpy sets the event of one thread, whichever comes last in a set of all of them: the order is
that of addresses in memory, so that in one process every step is prompt and in the next one every step takes 0.2 s. And commands that
come together, as when an editor asks for the values of several expressions, share one event, so that all but the first wait.

Here an event that is set wakes every thread that stands, and one with a command left is not cleared. Who is woken for nothing looks and
sleeps again. A release of debugpy that keeps its events elsewhere has nothing to find here, and is left alone.
"""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable, Mapping


class _Bell:
    """What a thread's event is to debugpy."""

    def __init__(self, own: threading.Event, commands: queue.Queue[object], all_events: Mapping[str, threading.Event]) -> None:
        self._own, self._commands, self._all = own, commands, all_events

    def wait(self, timeout: float | None = None) -> bool:
        return self._own.wait(timeout)

    def clear(self) -> None:
        self._own.clear()
        if not self._commands.empty():
            self._own.set()

    def set(self) -> None:
        for event in list(self._all.values()):  # a list, because other threads add their own
            event.set()


def wake_for_everything(server: str = "pydevd") -> bool:
    """Patch debugpy's server, a module of this name, when it is imported, before it connects. Return whether its events were found."""
    debugger = getattr(sys.modules.get(server), "PyDB", None)
    alone: Callable[[object, str], tuple[queue.Queue[object], threading.Event]] | None
    alone = getattr(debugger, "get_internal_queue_and_event", None)
    if debugger is None or alone is None or "_thread_events" not in alone.__code__.co_names:
        return False

    def get_internal_queue_and_event(self: object, thread: str) -> tuple[queue.Queue[object], _Bell]:
        commands, event = alone(self, thread)
        return commands, _Bell(event, commands, vars(self)["_thread_events"])

    debugger.get_internal_queue_and_event = get_internal_queue_and_event
    return True
