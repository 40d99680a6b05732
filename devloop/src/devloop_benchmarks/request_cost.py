"""What the loop costs each request, without a debugger and with one attached, against the plain server."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from statistics import median

from devloop_benchmarks.client import Connection
from devloop_benchmarks.servers import Running

#: Requests to each kind of route in one round.
REQUESTS = 200
REQUESTS_IN_A_ROW = 10
WARM_UP_REQUESTS = 300

#: By server, by kind of route: the median of each round, in seconds.
Rounds = Mapping[str, Mapping[str, Sequence[float]]]


def round_medians(servers: Sequence[tuple[str, Running]], rounds: int) -> Rounds:
    """In each round every server gets its turn for every kind of route; who comes first changes from round to round."""
    kinds = servers[0][1].application.kinds
    found: dict[str, dict[str, list[float]]] = {name: {kind: [] for kind in kinds} for name, _ in servers}
    for _, running in servers:
        with Connection(running.port) as connection:
            for path in kinds.values():
                _seconds(connection, path, WARM_UP_REQUESTS)
    for number in range(rounds):
        first = number % len(servers)
        for kind, path in kinds.items():
            for name, median_seconds in _one_round([*servers[first:], *servers[:first]], path).items():
                found[name][kind].append(median_seconds)
    return found


def _one_round(servers: Sequence[tuple[str, Running]], path: str) -> dict[str, float]:
    """A few requests to one, a few to the next, and again: what else the machine does then hits all of them alike."""
    seconds: dict[str, list[float]] = {name: [] for name, _ in servers}
    with ExitStack() as stack:
        connections = {name: stack.enter_context(Connection(running.port)) for name, running in servers}
        for _ in range(REQUESTS // REQUESTS_IN_A_ROW):
            for name, connection in connections.items():
                seconds[name] += _seconds(connection, path, REQUESTS_IN_A_ROW)
    return {name: median(values) for name, values in seconds.items()}


def _seconds(connection: Connection, path: str, requests: int) -> list[float]:
    """On one kept connection, each request sent when the last was answered."""
    seconds = []
    for _ in range(requests):
        started = time.perf_counter()
        answer = connection.ask(path)
        seconds.append(time.perf_counter() - started)
        if answer.status != 200:
            raise RuntimeError(f"{path} was answered with {answer.status}")
    return seconds


def ratios(rounds: Rounds, server: str, plain: str) -> dict[str, float]:
    """For each kind of route, how many times the plain server's request takes here: the median of the rounds.

    No mean over the kinds: the loop keeps the collector from scanning what the imports made, which would hide what a debugger costs.
    """
    return {
        kind: round(median(ours / theirs for ours, theirs in zip(medians, rounds[plain][kind], strict=True)), 3)
        for kind, medians in rounds[server].items()
    }
