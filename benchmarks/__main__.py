"""``python -m benchmarks [NAME…]``: run all benchmarks or those named, print a table, write results/latest.json.

Exit code 1: a demand was missed.

A benchmark is a module of this package with ``run(context) -> list[Result]``; it is found by its name's beginning: api_, cli_, etl_.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from functools import partial

import benchmarks
from benchmarks.harness import Context, Result
from benchmarks.report import FOLDER, measure

PREFIXES = ("cli_", "api_", "etl_")


def names() -> list[str]:
    """Every benchmark, the short ones first."""
    found = [module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.name.startswith(PREFIXES)]
    return sorted(found, key=lambda name: (PREFIXES.index(f"{name.partition('_')[0]}_"), name))


def main() -> int:
    """Run, show, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"one or more of {', '.join(names())}")
    chosen = parser.parse_args().name
    unknown = sorted(set(chosen) - set(names()))
    if unknown:
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(names())}")
    with Context() as context:
        return measure({name: partial(_run, name, context) for name in chosen or names()}, FOLDER / "latest.json")


def _run(name: str, context: Context) -> list[Result]:
    results: list[Result] = importlib.import_module(f"benchmarks.{name}").run(context)
    return results


if __name__ == "__main__":
    sys.exit(main())
