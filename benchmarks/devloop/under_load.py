"""Reloads while requests keep coming, on new connections and on kept ones: what fails, and whether old code answers after new."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count

from benchmarks.devloop.application import Application
from benchmarks.devloop.client import POLL_SECONDS, Answer, head, request
from benchmarks.devloop.edits import PATIENCE_SECONDS, edited_file
from benchmarks.devloop.servers import Running
from benchmarks.harness import apart

#: Of each kind of connection, per second.
NEW_PER_SECOND = 25
KEPT_PER_SECOND = 25
#: How many connections are kept; each asks five times a second.
KEPT_CONNECTIONS = 5
#: After the new code's first answer, before the next edit.
PAUSE_SECONDS = 0.7

Exchange = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Outcome:
    """What became of all requests of one server."""

    reloads: int = 0
    answered: int = 0
    #: "refused", "reset", "server error", "late", each split by the kind of connection.
    failures: Counter[str] = field(default_factory=Counter)
    #: Old code answered a request that was sent after new code had answered one.
    old_after_new: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    newest: int = 0

    def count(self, answer: Answer, kind: str, asked: float, newest_when_asked: int) -> None:
        """Take an answer into account."""
        self.answered += 1
        self.slowest = max(self.slowest, time.perf_counter() - asked)
        if answer.status >= 500:
            self.failures[f"server error, {kind}"] += 1
        generation = answer.generation
        if generation is not None:
            # a kept connection may get one more answer of the old process, which asks to close it
            asked_to_close = kind == "kept connection" and answer.last_on_its_connection
            self.old_after_new[kind] += generation < newest_when_asked and not asked_to_close
            self.newest = max(self.newest, generation)

    def summary(self) -> dict[str, object]:
        """For the report."""
        return {
            "reloads": self.reloads,
            "answered": self.answered,
            "failures": dict(self.failures),
            "old_after_new": dict(self.old_after_new),
            "slowest_ms": round(self.slowest * 1000, 1),
        }


def reload_under_load(running: Running, reloads: int) -> Outcome:
    """So many edits, one after the other, while clients ask."""
    return apart(lambda: asyncio.run(_reload_under_load(running, reloads)))


async def _reload_under_load(running: Running, reloads: int) -> Outcome:
    outcome = Outcome()
    path = running.application.base.path
    clients = [asyncio.create_task(_regularly(_OnNewConnections(running.port, path, outcome).ask, NEW_PER_SECOND))]
    for _ in range(KEPT_CONNECTIONS):
        client = _OnKeptConnection(running.port, path, outcome)
        clients.append(asyncio.create_task(_regularly(client.ask, KEPT_PER_SECOND / KEPT_CONNECTIONS)))
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


async def _edit(application: Application, port: int, number: int) -> None:
    """One edit, until the new code answers."""
    editable = edited_file(application, number)
    mark = editable.edit()
    deadline = time.perf_counter() + PATIENCE_SECONDS
    while True:
        try:
            if mark in (await _exchange(port, editable.path)).body:
                return
        except OSError:
            pass  # the regular clients count failures
        if time.perf_counter() > deadline:
            raise TimeoutError(f"no answer by the edit of {editable.file} within {PATIENCE_SECONDS:g} s")
        await asyncio.sleep(POLL_SECONDS)


async def _regularly(ask: Exchange, per_second: float) -> None:
    """Begin an exchange at fixed times, whether earlier ones have ended or not; the last ones are seen to their end."""
    started = time.perf_counter()
    exchanges: set[asyncio.Task[None]] = set()
    try:
        for number in count(1):
            task = asyncio.ensure_future(ask())
            exchanges.add(task)
            task.add_done_callback(exchanges.discard)
            await asyncio.sleep(max(0.0, started + number / per_second - time.perf_counter()))
    finally:
        await asyncio.gather(*exchanges)


@dataclass(slots=True)
class _OnNewConnections:
    """A client that connects for every request."""

    port: int
    path: str
    outcome: Outcome

    async def ask(self) -> None:
        asked, newest = time.perf_counter(), self.outcome.newest
        try:
            answer = await asyncio.wait_for(_exchange(self.port, self.path), PATIENCE_SECONDS)
        except ConnectionRefusedError:
            self.outcome.failures["refused, new connection"] += 1
        except OSError as error:
            self.outcome.failures[f"{'late' if isinstance(error, TimeoutError) else 'reset'}, new connection"] += 1
        else:
            self.outcome.count(answer, "new connection", asked, newest)


@dataclass(slots=True)
class _OnKeptConnection:
    """A client as browsers and connection pools are: it connects anew only when the server has closed or announced to close."""

    port: int
    path: str
    outcome: Outcome
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def ask(self) -> None:
        async with self.lock:  # one request in flight
            asked, newest = time.perf_counter(), self.outcome.newest
            try:
                answer = await asyncio.wait_for(self._ask(), PATIENCE_SECONDS)
            except ConnectionRefusedError:
                self.outcome.failures["refused, kept connection"] += 1
            except OSError as error:
                self._close()
                self.outcome.failures[f"{'late' if isinstance(error, TimeoutError) else 'reset'}, kept connection"] += 1
            else:
                self.outcome.count(answer, "kept connection", asked, newest)
                if answer.last_on_its_connection:
                    self._close()

    async def _ask(self) -> Answer:
        if self.streams is not None and self.streams[0].at_eof():
            self._close()
        if self.streams is None:
            self.streams = await asyncio.open_connection("127.0.0.1", self.port)
        return await _ask(*self.streams, request(self.path, close=False))

    def _close(self) -> None:
        if self.streams is not None:
            self.streams[1].close()
            self.streams = None


async def _exchange(port: int, path: str) -> Answer:
    """One question on a new connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        return await _ask(reader, writer, request(path, close=True))
    finally:
        writer.close()


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, question: bytes) -> Answer:
    writer.write(question)
    try:
        status, fields = head((await reader.readuntil(b"\r\n\r\n"))[:-4])
        body = await reader.readexactly(int(fields.get(b"content-length", b"0")))
    except asyncio.IncompleteReadError as error:
        raise ConnectionResetError("closed before the answer was whole") from error
    return Answer(status, fields, body)
