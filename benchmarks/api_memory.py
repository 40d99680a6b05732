"""What one API worker takes after an hour's worth of different requests."""

from __future__ import annotations

from benchmarks.harness import Context, Result, pss_megabytes
from benchmarks.load import measure, request

#: About 101 MB are there before the first request: interpreter 11, SQLAlchemy 20, Redis 7, other packages some 40, our models and
#: statements 23. Pages of 1000 rows, of which each connection reads one here, add 15, the documentation 9, and the cache 5.
DEMANDED_MEGABYTES = 125.0


def run(context: Context) -> list[Result]:
    """Lists, details, searches, streams and the documentation, first uncached and then from the cache."""
    paths = [
        *(f"/api/v1/draft-picks?season={season}&sort={sort}" for season in range(1980, 2027) for sort in ("pick", "-w_av", "name,-age")),
        *(f"/api/v1/combine?position={position}&limit=200" for position in ("QB", "WR", "CB", "OT")),
        *(f"/api/v1/people/{person_id}" for person_id in range(1, 400)),
        *(f"/api/v1/people?q={letter}" for letter in "abcdefghij"),
        *(
            "/api/v1/franchises",
            "/api/v1/colleges?limit=1000",
            "/api/v1/changes",
            "/api/v1/etl/runs",
            "/openapi.json",
            "/metrics",
            "/",
            "/docs",
        ),
        "/api/v1/draft-picks?limit=1000&fields=*",
    ]
    with context.serve("product") as product:
        started = pss_megabytes(product.pid)
        measure(product, [request(path, "Cache-Control: no-cache") for path in paths], seconds=4)
        measure(product, [request(path) for path in paths], seconds=3)
        loaded = pss_megabytes(product.pid)
    detail = {"megabytes_after_start": round(started, 1), "megabytes_under_load": round(loaded, 1), "paths": len(paths)}
    return [Result("one API worker: proportional memory after load", loaded, DEMANDED_MEGABYTES, at_least=False, unit=" MB", detail=detail)]
