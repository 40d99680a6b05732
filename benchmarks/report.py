"""Results as a table for people and as JSON for programs."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.harness import Result

FOLDER = Path(__file__).parent / "results"


def measure(measures: Mapping[str, Callable[[], list[Result]]], path: Path) -> int:
    """Run the measures, print and write what they found; the exit code is 1 when a demand was missed."""
    results: list[Result] = []
    for name, run in measures.items():
        started = time.perf_counter()
        print(f"{name} …", end=" ", flush=True, file=sys.stderr)
        results += run()
        print(f"{time.perf_counter() - started:.1f} s", file=sys.stderr)
    show(results)
    print(f"load average {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} processors: other work is in the times")
    write(results, path)
    return 0 if all(result.met for result in results) else 1


def show(results: list[Result]) -> None:
    """A table for people."""
    width = max(len(result.name) for result in results)
    print(f"\n{'':{width}}  {'measured':>12}  {'demanded':>12}")
    for result in results:
        sign = "≥" if result.at_least else "≤"
        measured, demanded = f"{result.measured:,.2f}{result.unit}", f"{sign} {result.demanded:,g}{result.unit}"
        print(f"{result.name:{width}}  {measured:>12}  {demanded:>12}  {'' if result.met else 'MISSED'}")


def write(results: list[Result], path: Path) -> None:
    """The same for programs, with what lies behind the numbers."""
    content = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "processors": len(os.sched_getaffinity(0)),
        "load_average": [round(value, 2) for value in os.getloadavg()],
        "results": [
            {**asdict(result), "measured": round(result.measured, 4), "unit": result.unit.strip(), "met": result.met} for result in results
        ],
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
