"""A cached response, against an application that responds with constant bytes and does nothing else."""

from __future__ import annotations

from benchmarks.harness import Context, Result
from benchmarks.load import against, median_ratio, request

ROUNDS = 5
SECONDS = 2.0


def run(context: Context) -> list[Result]:
    """The same page of fifty picks, with metrics, access log and security headers; 32 connections."""
    ours = [request("/api/v1/draft-picks?season=2020&limit=50")]
    with context.serve("product") as product, context.serve("constant") as constant:
        pairs = against(product, constant, ours, ours, rounds=ROUNDS, seconds=SECONDS)
    best = sorted(pairs, key=lambda pair: pair[0].per_second / pair[1].per_second)[len(pairs) // 2]
    detail = {"product": best[0].summary(), "constant": best[1].summary()}
    return [Result("cached response, 32 connections: requests/s against constant bytes", median_ratio(pairs), 0.6, detail=detail)]
