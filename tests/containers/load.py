"""Closed-loop load through the proxy: every client asks again as soon as it has its answer, and no request is tried twice."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.containers.production import PICKS, Production, exchange

#: A kept answer, and one that is made anew each time. A page would take the processors that the new release needs to start.
PATHS = (PICKS, "/health")


@dataclass
class Load:
    """What happened to every request so far."""

    outcomes: Counter[str] = field(default_factory=Counter)
    slowest: float = 0
    #: When a request failed, by the monotonic clock.
    failed_at: list[float] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def count(self) -> int:
        """Requests that have been answered or failed."""
        return sum(self.outcomes.values())

    @property
    def failures(self) -> dict[str, int]:
        """Everything but 200, by kind."""
        return {kind: count for kind, count in self.outcomes.items() if kind != "200"}

    def recovered_after(self, moment: float) -> float:
        """Seconds from this moment of the monotonic clock to the last failure; 0 when there was none."""
        return max([at - moment for at in self.failed_at], default=0)

    def run(self, production: Production, paths: Sequence[str]) -> None:
        """One client."""
        connection, turn = production.connect(), 0
        while not self.ended.is_set():
            started = time.perf_counter()
            try:
                outcome = str(exchange(connection, paths[turn % len(paths)]).status)
            except (OSError, http.client.HTTPException) as error:
                outcome = type(error).__name__
                connection.close()
                connection = production.connect()
            turn += 1
            with self._lock:
                self.outcomes[outcome] += 1
                self.slowest = max(self.slowest, time.perf_counter() - started)
                if outcome != "200":
                    self.failed_at.append(time.monotonic())
        connection.close()


@contextmanager
def under_load(production: Production, *, clients: int = 4, at_least: int = 0, paths: Sequence[str] = PATHS) -> Iterator[Load]:
    """Load before, during and after what happens inside; it goes on until there were at least so many requests."""
    load = Load()
    threads = [threading.Thread(target=load.run, args=(production, paths), daemon=True) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        time.sleep(1)
        yield load
        time.sleep(1)
        deadline = time.monotonic() + 120
        while load.count < at_least and time.monotonic() < deadline:
            time.sleep(0.1)
        assert load.count >= at_least, f"{load.count} requests instead of {at_least} within two minutes"
        assert all(thread.is_alive() for thread in threads), "a client has ended by a mistake of its own"
    finally:
        load.ended.set()
        for thread in threads:
            thread.join(30)
