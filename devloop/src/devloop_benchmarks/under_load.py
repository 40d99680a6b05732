"""Reloads while requests keep coming, on new connections and on kept ones: what fails, and whether old code responds after new."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field

from benchmarks.harness import apart
from devloop_benchmarks.application import Application
from devloop_benchmarks.client import POLL_SECONDS
from devloop_benchmarks.edits import PATIENCE_SECONDS, edited_file
from devloop_benchmarks.load_clients import (
    NEW,
    RAW,
    Exchange,
    KeptConnection,
    node,
    on_new_connection,
    regularly,
    through_agent,
    through_pool,
)
from devloop_benchmarks.servers import Running

#: Of all clients together, in equal parts.
PER_SECOND = 50
#: How many connections the plain client keeps.
KEPT_CONNECTIONS = 5
#: After the new code's first answer, before the next edit.
PAUSE_SECONDS = 0.7


@dataclass(slots=True)
class Outcome:
    """What became of all requests of one server."""

    reloads: int = 0
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def answered(self) -> int:
        """Requests that got a response."""
        return sum(not each.failure for each in self.exchanges)

    @property
    def newest(self) -> int:
        """The latest generation that responded."""
        return max((each.generation for each in self.exchanges), default=0)

    @property
    def failures(self) -> Counter[str]:
        """Refused, reset, late and server errors, each by the kind of client."""
        words = ((each.failure or ("server error" if each.status >= 500 else ""), each.kind) for each in self.exchanges)
        return Counter(f"{word}, {kind}" for word, kind in words if word)

    @property
    def old_after_new(self) -> Counter[str]:
        """Responses of old code to requests that were sent after new code had responded to any client, by the kind of client."""
        responses = sorted((each.ended, each.generation) for each in self.exchanges)
        found, newest, position = Counter[str](), 0, 0
        for each in sorted(self.exchanges, key=lambda exchange: exchange.asked):
            while position < len(responses) and responses[position][0] < each.asked:
                newest = max(newest, responses[position][1])
                position += 1
            if 0 < each.generation < newest:
                found[each.kind] += 1
        return found

    @property
    def slowest(self) -> float:
        """Seconds."""
        return max((each.ended - each.asked for each in self.exchanges), default=0.0)

    def summary(self) -> dict[str, object]:
        """For the report."""
        return {
            "reloads": self.reloads,
            "answered": dict(Counter(each.kind for each in self.exchanges if not each.failure)),
            "failures": dict(self.failures),
            "old_after_new": dict(self.old_after_new),
            "slowest_ms": round(self.slowest * 1000, 1),
        }


def reload_under_load(running: Running, reloads: int) -> Outcome:
    """So many edits, one after the other, while clients ask."""
    return apart(lambda: asyncio.run(_reload_under_load(running, reloads)))


async def _reload_under_load(running: Running, reloads: int) -> Outcome:
    outcome = Outcome()
    clients = [asyncio.create_task(client) for client in _clients(running.port, running.application.base.path, outcome)]
    try:
        await asyncio.sleep(2 * PAUSE_SECONDS)
        for number in range(reloads):
            await _edit(running.application, running.port, number)
            outcome.reloads += 1
            await asyncio.sleep(PAUSE_SECONDS)
    finally:
        for task in clients:
            task.cancel()
        ended = await asyncio.gather(*clients, return_exceptions=True)
    for result in ended:
        if isinstance(result, Exception):
            raise result
    return outcome


def _clients(port: int, path: str, outcome: Outcome) -> Iterator[Coroutine[None, None, None]]:
    record = outcome.exchanges.append
    each = PER_SECOND / 4

    async def ask() -> tuple[int, int]:
        answer = await on_new_connection(port, path)
        return answer.status, answer.generation or 0

    yield regularly(NEW, ask, each, record)
    for _ in range(KEPT_CONNECTIONS):
        yield regularly(RAW, KeptConnection(port, path).ask, each / KEPT_CONNECTIONS, record)
    yield through_pool(port, path, each, record)
    if executable := node():
        yield through_agent(executable, port, path, each, record)
    else:
        print("node is not installed: its agent is left out", file=sys.stderr)


async def _edit(application: Application, port: int, number: int) -> None:
    """One edit, until the new code answers."""
    editable = edited_file(application, number)
    mark = editable.edit()
    deadline = time.perf_counter() + PATIENCE_SECONDS
    while True:
        try:
            if mark in (await on_new_connection(port, editable.path)).body:
                return
        except OSError:
            pass  # the regular clients count failures
        if time.perf_counter() > deadline:
            raise TimeoutError(f"no answer by the edit of {editable.file} within {PATIENCE_SECONDS:g} s")
        await asyncio.sleep(POLL_SECONDS)
