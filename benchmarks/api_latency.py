"""How long ten concurrent users wait for a list, percentiles and comparables: from the cache, and computed just after a load."""

from __future__ import annotations

from benchmarks.harness import Context, Result, Server, execute
from benchmarks.load import measure, request

USERS = 10
SECONDS = 2.0
PEOPLE = 60
WARM, COLD = 100.0, 500.0
#: They empty the caches of the API.
NEW_VERSION = (
    "update dataset set version = version + 1, updated_at = now()",
    "select pg_notify('dataset_changed', 'draft_picks:0')",
)


def run(context: Context) -> list[Result]:
    """The 95th percentile of each, in milliseconds."""
    results = []
    for name, paths in _paths(context).items():
        with context.serve("product") as product:
            execute(context.league, *NEW_VERSION)
            cold = measure(product, [request(path, "Cache-Control: no-cache") for path in paths], connections=USERS, seconds=SECONDS)
            measure(product, [request(path) for path in paths], connections=USERS, seconds=SECONDS)  # every path at least once
            warm = measure(product, [request(path) for path in paths], connections=USERS, seconds=SECONDS)
        for how, measured, demanded in (("cached", warm, WARM), ("new process, uncached", cold, COLD)):
            title = f"{name}, {USERS} users, {how}: p95"
            results.append(Result(title, measured.p95, demanded, at_least=False, unit=" ms", detail=measured.summary()))
            results.append(Result(f"{title}: failures", measured.failed, 0, at_least=False, unit=""))
    return results


def _paths(context: Context) -> dict[str, list[str]]:
    with context.serve("product") as product:
        people = _people(product)
    return {
        "list": [f"/api/v1/draft-picks?season={season}&limit=50" for season in range(1984, 2024)],
        "percentiles": [f"/api/v1/people/{person_id}/percentiles" for person_id in people],
        "comparables": [f"/api/v1/people/{person_id}/comparables" for person_id in people],
    }


def _people(server: Server) -> list[int]:
    """Sixty people who ran the forty."""
    entries = server.get_json(f"/api/v1/combine?season_min=2004&forty_max=5&limit={PEOPLE}&fields=person_id")
    return sorted({entry["person_id"] for entry in entries["items"]})
