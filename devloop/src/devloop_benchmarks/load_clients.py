"""Clients that ask all the time, each with connections of its own kind."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx

from devloop_benchmarks.client import Answer, head, request
from devloop_benchmarks.edits import PATIENCE_SECONDS

AGENT = Path(__file__).with_name("agent.mjs")
NEW, RAW, POOL, NODE = "new connections", "kept connections", "httpx's pool", "node's agent"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request: when it was sent, when it ended, and how."""

    kind: str
    asked: float
    ended: float
    status: int = 0
    generation: int = 0
    #: "refused", "reset" or "late"; empty when there was a response.
    failure: str = ""


Record = Callable[[Exchange], None]


async def regularly(kind: str, ask: Callable[[], Awaitable[tuple[int, int]]], per_second: float, record: Record) -> None:
    """Begin an exchange at fixed times, whether earlier ones have ended or not; the last ones are waited for."""

    async def one() -> None:
        asked = time.perf_counter()
        try:
            status, generation = await asyncio.wait_for(ask(), PATIENCE_SECONDS)
        except (OSError, httpx.HTTPError) as error:
            failure = "late" if isinstance(error, TimeoutError) else "refused" if _is_refused(error) else "reset"
            record(Exchange(kind, asked, time.perf_counter(), failure=failure))
        else:
            record(Exchange(kind, asked, time.perf_counter(), status, generation))

    started = time.perf_counter()
    exchanges: set[asyncio.Task[None]] = set()
    try:
        for number in count(1):
            task = asyncio.ensure_future(one())
            exchanges.add(task)
            task.add_done_callback(exchanges.discard)
            await asyncio.sleep(max(0.0, started + number / per_second - time.perf_counter()))
    finally:
        await asyncio.gather(*exchanges)


def _is_refused(error: Exception) -> bool:
    return isinstance(error, ConnectionRefusedError | httpx.ConnectError)


async def on_new_connection(port: int, path: str) -> Answer:
    """One request on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        return await _ask(reader, writer, request(path, close=True))
    finally:
        writer.close()


@dataclass(slots=True)
class KeptConnection:
    """Connects again only when the server has closed or announced to close."""

    port: int
    path: str
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def ask(self) -> tuple[int, int]:
        """Send one request, after the earlier ones have ended."""
        async with self.lock:
            if self.streams is not None and self.streams[0].at_eof():
                self._close()
            if self.streams is None:
                self.streams = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                answer = await _ask(*self.streams, request(self.path, close=False))
            except OSError:
                self._close()
                raise
            if answer.last_on_its_connection:
                self._close()
            return answer.status, answer.generation or 0

    def _close(self) -> None:
        if self.streams is not None:
            self.streams[1].close()
            self.streams = None


async def through_pool(port: int, path: str, per_second: float, record: Record) -> None:
    """Ask through httpx's client, which uses its connections again."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_SECONDS) as client:

        async def ask() -> tuple[int, int]:
            response = await client.get(path)
            return response.status_code, int(response.headers.get("x-devloop-generation", 0))

        await regularly(POOL, ask, per_second, record)


def node() -> str | None:
    """Return the path of node, if it is installed."""
    return shutil.which("node")


async def through_agent(executable: str, port: int, path: str, per_second: float, record: Record) -> None:
    """Ask through node's agent, which uses its connections again."""
    command = [executable, str(AGENT), str(port), path, str(per_second)]
    process = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    lines = process.stdout

    async def read() -> None:
        async for line in lines:
            asked, ended, status, generation, error = line.decode().split()
            failure = {"-": "", "ECONNREFUSED": "refused", "ETIMEDOUT": "late"}.get(error, "reset")
            record(Exchange(NODE, int(asked) / 1e9, int(ended) / 1e9, int(status), int(generation), failure))

    reading = asyncio.create_task(read())
    try:
        await asyncio.shield(reading)
        raise RuntimeError(f"node ended with exit code {await process.wait()}")
    finally:
        process.stdin.close()
        await reading
        await process.wait()


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, question: bytes) -> Answer:
    writer.write(question)
    try:
        status, fields = head((await reader.readuntil(b"\r\n\r\n"))[:-4])
        body = await reader.readexactly(int(fields.get(b"content-length", b"0")))
    except asyncio.IncompleteReadError as error:
        raise ConnectionResetError("closed before the answer was whole") from error
    return Answer(status, fields, body)
