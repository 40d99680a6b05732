"""From an edit to the first answer by the new code, for several servers in turn."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles

from devloop_benchmarks.application import Application, Editable
from devloop_benchmarks.client import first_answer
from devloop_benchmarks.servers import Running

#: No edit takes longer, whatever the server.
PATIENCE_SECONDS = 60.0
#: People do not save twice within this time; a server may use it to get ready for the next edit.
PAUSE_SECONDS = 1.5
#: From one edit to the next, where two follow each other quickly.
QUICK_SECONDS = 1.0
#: So often the same file is edited before it is the next one's turn.
EDITS_OF_ONE_FILE = 5


@dataclass(slots=True)
class Times:
    """Seconds of each edit of one server."""

    server: str
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Milliseconds."""
        return median(self.seconds) * 1000

    @property
    def p95(self) -> float:
        """Milliseconds."""
        return percentile(self.seconds, 95) * 1000

    def summary(self) -> dict[str, object]:
        """For the report."""
        each = [round(value * 1000, 1) for value in self.seconds]
        return {"median_ms": round(self.median, 1), "p95_ms": round(self.p95, 1), "each_ms": each}


def percentile(values: Sequence[float], number: int) -> float:
    """By linear interpolation between the values themselves, none beyond them."""
    return quantiles(values, n=100, method="inclusive")[number - 1] if len(values) > 1 else values[0]


def edited_file(application: Application, number: int) -> Editable:
    """Return the router for the edit of that number, from 0: several successive edits go to one, as when a developer works on it."""
    return application.routers[number // EDITS_OF_ONE_FILE % len(application.routers)]


def answered_after(running: Running, editable: Editable) -> float:
    """Edit, and the seconds until the new mark is in an answer."""
    started = time.perf_counter()
    mark = editable.edit()
    first_answer(running.port, editable.path, lambda answer: mark in answer.body, within=PATIENCE_SECONDS)
    return time.perf_counter() - started


def in_turn(servers: Sequence[tuple[str, Running]], edits: int, *, of_base: bool = False) -> list[Times]:
    """So many edits of each server, one server after the other, so that a slow minute of the machine hits all of them."""
    results = [Times(name) for name, _ in servers]
    time.sleep(2 * PAUSE_SECONDS)
    for number in range(edits):
        for times, (_, running) in zip(results, servers, strict=True):
            application = running.application
            times.seconds.append(answered_after(running, application.base if of_base else edited_file(application, number)))
            time.sleep(PAUSE_SECONDS)
    return results


def twice(running: Running, pairs: int) -> list[Times]:
    """So many pairs of edits, each two of a pair ``QUICK_SECONDS`` apart; the times of the first ones and of the second ones."""
    first, second = Times("first"), Times("second")
    editable = running.application.routers[0]
    answered_after(running, editable)  # the first edit after a start is of a file that nothing is known of
    time.sleep(2 * PAUSE_SECONDS)
    for _ in range(pairs):
        took = answered_after(running, editable)
        first.seconds.append(took)
        time.sleep(max(0.0, QUICK_SECONDS - took))
        second.seconds.append(answered_after(running, editable))
        time.sleep(2 * PAUSE_SECONDS)
    return [first, second]
