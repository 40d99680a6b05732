"""A load generator: keep-alive connections, each with one request in flight, as little work per answer as Python allows."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import cast

import uvloop

from benchmarks.harness import Server, apart

#: An answer that takes longer counts as timed out.
TIMEOUT_SECONDS = 2.0


@dataclass(slots=True)
class Measurement:
    """What one round has shown."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    failed: int = 0

    @property
    def per_second(self) -> float:
        """Good answers per second."""
        return len(self.latencies) / self.seconds

    @property
    def p50(self) -> float:
        """Milliseconds."""
        return median(self.latencies) * 1000

    @property
    def p95(self) -> float:
        """Milliseconds."""
        return quantiles(self.latencies, n=100)[94] * 1000

    @property
    def p99(self) -> float:
        """Milliseconds."""
        return quantiles(self.latencies, n=100)[98] * 1000

    @property
    def timeouts(self) -> int:
        """Answers that came too late."""
        return sum(latency > TIMEOUT_SECONDS for latency in self.latencies)

    def summary(self) -> dict[str, float]:
        """For the report."""
        return {
            "per_second": round(self.per_second, 1),
            "p50_ms": round(self.p50, 2),
            "p95_ms": round(self.p95, 2),
            "p99_ms": round(self.p99, 2),
            "server_cpu_ms": round(self.cpu_seconds * 1000 / max(1, len(self.latencies)), 3),
            "timeouts": self.timeouts,
            "failed": self.failed,
        }


def request(path: str, *headers: str) -> bytes:
    """A GET request."""
    lines = [f"GET {path} HTTP/1.1", "Host: bench", "Accept: application/json", *headers, "", ""]
    return "\r\n".join(lines).encode()


def measure(server: Server, requests: Sequence[bytes], *, connections: int = 32, seconds: float = 3.0) -> Measurement:
    """Keep every connection busy, each going through all the requests, for that long."""
    return apart(lambda: uvloop.run(_measure(server, requests, connections, seconds)))


async def _measure(server: Server, requests: Sequence[bytes], connections: int, seconds: float) -> Measurement:
    measurement = Measurement()
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    clients: list[_Client] = []
    for number in range(connections):
        # spread over all of them: next to each other, the connections would repeat the first requests and never reach the last ones
        start = number * len(requests) // connections
        order = itertools.cycle([*requests[start:], *requests[:start]])
        _, client = await loop.create_connection(lambda order=order: _Client(order, measurement, stop), "127.0.0.1", server.port)  # type: ignore[misc]
        clients.append(client)
    cpu, started = server.cpu_seconds(), time.perf_counter()
    for client in clients:
        client.ask()
    await asyncio.sleep(seconds)
    stop.set()
    measurement.seconds = time.perf_counter() - started
    measurement.cpu_seconds = server.cpu_seconds() - cpu
    await asyncio.wait([client.closed for client in clients], timeout=10)
    return measurement


class _Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, order: Iterator[bytes], measurement: Measurement, stop: asyncio.Event) -> None:
        self._order = order
        self._measurement = measurement
        self._stop = stop
        self._missing = 0
        self._head = b""
        self._asked = 0.0
        self._good = False
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's has all of its methods and not its type

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol has it
        if not self._stop.is_set():
            self._measurement.failed += 1
        self.closed.set_result(None)

    def ask(self) -> None:
        """Send the next request."""
        self._asked = time.perf_counter()
        self._transport.write(next(self._order))

    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._missing -= len(data)
        else:
            self._head += data
            head_end = self._head.find(b"\r\n\r\n")
            if head_end < 0:
                return
            head, self._head = self._head, b""
            self._good = head.startswith(b"HTTP/1.1 200")
            place = head.find(b"content-length: ", 0, head_end) + 16
            length = int(head[place : head.index(b"\r", place)]) if place > 15 else 0
            self._missing = length - (len(head) - head_end - 4)
        if not self._missing:
            self._answered()

    def _answered(self) -> None:
        if self._stop.is_set():
            self._transport.close()
            return
        if self._good:
            self._measurement.latencies.append(time.perf_counter() - self._asked)
        else:
            self._measurement.failed += 1
        self.ask()


def against(
    product: Server, other: Server, ours: Sequence[bytes], theirs: Sequence[bytes], *, rounds: int, seconds: float
) -> list[tuple[Measurement, Measurement]]:
    """Rounds of one after the other, so that a slow minute of the machine hits both; the first requests do not count."""
    measure(product, ours, seconds=0.7)
    measure(other, theirs, seconds=0.7)
    return [(measure(product, ours, seconds=seconds), measure(other, theirs, seconds=seconds)) for _ in range(rounds)]


def median_ratio(pairs: Sequence[tuple[Measurement, Measurement]]) -> float:
    """Requests per second of ours by theirs, the median of the rounds."""
    return median(ours.per_second / theirs.per_second for ours, theirs in pairs)
