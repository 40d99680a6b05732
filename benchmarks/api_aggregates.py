"""Aggregates and scores of tables a hundred times as large as the real ones, uncached, against pandas in the request."""

from __future__ import annotations

import json
import subprocess
import time
from http.client import HTTPConnection
from statistics import median
from typing import NamedTuple
from urllib.parse import urlencode

from benchmarks.harness import CHECKOUT, Context, Result, Server
from benchmarks.usual_loads import usual_python

ROUNDS = 7
DEMANDED_MILLISECONDS = 150.0
DEMANDED_RATIO = 5.0


class Case(NamedTuple):
    """A request, and how the plain way computes the same; ``other`` is a second field, or the name of a row."""

    path: str
    group_by: str
    measures: str
    table: str
    groups: tuple[str, ...]
    field: str = ""
    function: str = "mean"
    other: str = ""

    @property
    def title(self) -> str:
        """How the report calls it."""
        name = self.path.partition("/")[2].replace("-", " ")
        return f"{name}: {self.measures} by {self.group_by.replace(',', ', ')}" if self.measures else name


_THREE = ("season", "round", "position")
CASES = (
    Case("aggregate/draft-picks", "season", "count", "draft_pick", ("season",)),
    Case("aggregate/draft-picks", "round", "count,mean:w_av", "draft_pick", ("round",), "w_av"),
    Case("aggregate/draft-picks", "position", "median:w_av,quantile:w_av:0.9", "draft_pick", ("position",), "w_av", "median"),
    Case("aggregate/draft-picks", "season,round,group", "count,mean:w_av", "draft_pick", _THREE, "w_av"),
    Case("aggregate/combine", "season", "count", "combine_entry", ("season",)),
    Case("aggregate/combine", "position", "median:forty,quantile:forty:0.9", "combine_entry", ("pos",), "forty", "median"),
    Case("aggregate/combine", "season,round,position", "count,mean:forty", "combine_entry", ("season", "draft_round", "pos"), "forty"),
    Case("aggregate/prospects", "season", "count", "prospect", ("season",)),
    Case("aggregate/prospects", "position", "median:forty,quantile:forty:0.9", "prospect", ("position",), "forty", "median"),
    Case("aggregate/prospects", "position", "median:cone,quantile:cone:0.9", "prospect", ("position",), "cone", "median"),
    Case("aggregate/prospects", "season,round,group", "count,mean:w_av", "prospect", _THREE, "w_av"),
    Case("aggregate/draft-picks", "round", "max:w_av,who_max:w_av", "draft_pick", ("round",), "w_av", "idxmax", "pfr_player_name"),
    Case("aggregate/combine", "position", "min:forty,who_min:forty", "combine_entry", ("pos",), "forty", "idxmin", "player_name"),
    Case("aggregate/prospects", "position", "min:forty,who_min:forty", "prospect", ("position",), "forty", "idxmin", "name"),
    Case("aggregate/draft-picks", "round", "corr:age:w_av", "draft_pick", ("round",), "age", "corr", "w_av"),
    Case("aggregate/combine", "position", "corr:forty:wt", "combine_entry", ("pos",), "forty", "corr", "wt"),
    Case("aggregate/prospects", "position", "corr:forty:w_av", "prospect", ("position",), "forty", "corr", "w_av"),
    Case("analytics/athletic-score", "", "", "combine_entry", ("pos",), "athletic_score", "score"),
    Case("analytics/class-strength", "", "", "combine_entry", ("season",), "athletic_score", "score"),
)


def run(context: Context) -> list[Result]:
    """One user, each response computed again for every request."""
    with context.serve("product", context.large_league) as product:
        ours = [median(_seconds(product, case) for _ in range(ROUNDS)) for case in CASES]
    theirs = _pandas(context.large_league)
    results = []
    for case, mine, other in zip(CASES, ours, theirs, strict=True):
        detail = {"ours_ms": round(mine * 1000, 1), "pandas_ms": round(other * 1000, 1), "rounds": ROUNDS}
        results.append(Result(f"{case.title}, at 100×", mine * 1000, DEMANDED_MILLISECONDS, at_least=False, unit=" ms", detail=detail))
        results.append(Result(f"{case.title}, against pandas in the request", other / mine, DEMANDED_RATIO))
    return results


def _seconds(server: Server, case: Case) -> float:
    query = urlencode({"group_by": case.group_by, "measures": case.measures} if case.measures else {})
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    started = time.perf_counter()
    connection.request("GET", f"/api/v1/{case.path}?{query}", headers={"Cache-Control": "no-cache"})
    rows = json.load(connection.getresponse())["items"]
    seconds = time.perf_counter() - started
    connection.close()
    assert rows, case
    return seconds


def _pandas(dsn: str) -> list[float]:
    """Seconds of each case with pandas; the first one, which imports parts of it, is computed twice."""
    asked = [case._asdict() for case in (CASES[0], *CASES)]
    command = [usual_python(), str(CHECKOUT / "benchmarks" / "pandas_aggregate.py"), dsn]
    lines = "".join(f"{json.dumps(each)}\n" for each in asked)
    done = subprocess.run(command, input=lines, check=True, stdout=subprocess.PIPE, text=True)
    return [float(line) for line in done.stdout.splitlines()][1:]
