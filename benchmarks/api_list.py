"""A page of fifty picks that is not cached, compared with the plain implementation."""

from __future__ import annotations

from statistics import median

from benchmarks.harness import Context, Result
from benchmarks.load import against, median_ratio, request

ROUNDS = 3
SECONDS = 3.0
SEASONS = range(1984, 2024)
FRESH = "Cache-Control: no-cache"


def run(context: Context) -> list[Result]:
    """Forty different classes, 32 connections."""
    ours = [request(f"/api/v1/draft-picks?season={season}&limit=50", FRESH) for season in SEASONS]
    theirs = [request(f"/draft-picks?season={season}&limit=50") for season in SEASONS]
    with context.serve("product") as product, context.serve("peer") as peer:
        for season in (1984, 2020):
            answer = product.get_json(f"/api/v1/draft-picks?season={season}&limit=50")
            plain = peer.get_json(f"/draft-picks?season={season}&limit=50")
            assert answer["items"] == plain["items"], "both must answer the same"
            assert answer["total"] == plain["total"]
        pairs = against(product, peer, ours, theirs, rounds=ROUNDS, seconds=SECONDS)
    best = sorted(pairs, key=lambda pair: pair[0].per_second)[len(pairs) // 2]
    detail = {"product": best[0].summary(), "peer": best[1].summary()}
    return [
        Result("uncached list, 32 connections: requests/s against the plain way", median_ratio(pairs), 4.5, detail=detail),
        Result("uncached list: p99 against p50", median(pair[0].p99 / pair[0].p50 for pair in pairs), 10.0, at_least=False),
        Result(
            "uncached list: time-outs and failures", sum(pair[0].timeouts + pair[0].failed for pair in pairs), 0, at_least=False, unit=""
        ),
    ]
