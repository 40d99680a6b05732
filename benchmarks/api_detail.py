"""Everything about one person, against the plain way."""

from __future__ import annotations

from benchmarks.harness import Context, Result
from benchmarks.load import against, median_ratio, request

ROUNDS = 3
SECONDS = 3.0
PEOPLE = 60


def run(context: Context) -> list[Result]:
    """Sixty people who were both at the combine and selected, 32 connections."""
    with context.serve("product") as product, context.serve("peer") as peer:
        drafted = "drafted=true&season_min=2004&season_max=2020&forty_max=4.6"
        entries = product.get_json(f"/api/v1/combine?{drafted}&limit={PEOPLE}&fields=person_id")
        people = sorted({each["person_id"] for each in entries["items"]})
        for person_id in people[:5]:
            answer, plain = product.get_json(f"/api/v1/people/{person_id}"), peer.get_json(f"/people/{person_id}")
            for name in plain:
                if name != "conflicts":
                    assert answer[name] == plain[name], f"both must answer the same: {name} of {person_id}"
        ours = [request(f"/api/v1/people/{person_id}", "Cache-Control: no-cache") for person_id in people]
        theirs = [request(f"/people/{person_id}") for person_id in people]
        pairs = against(product, peer, ours, theirs, rounds=ROUNDS, seconds=SECONDS)
    best = sorted(pairs, key=lambda pair: pair[0].per_second)[len(pairs) // 2]
    detail = {"product": best[0].summary(), "peer": best[1].summary()}
    return [
        Result("uncached detail, 32 connections: requests/s against the plain way", median_ratio(pairs), 5.0, detail=detail),
        Result(
            "uncached detail: time-outs and failures", sum(pair[0].timeouts + pair[0].failed for pair in pairs), 0, at_least=False, unit=""
        ),
    ]
