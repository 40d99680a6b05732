"""``python -m benchmarks [NAME…]``: run all benchmarks or those named, print a table, write results/latest.json.

Exit code 1: a demand was missed.

A benchmark is a module of this package with ``run(context) -> list[Result]``; it is found by its name's beginning: api_, cli_, etl_.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import benchmarks
from benchmarks.harness import Context, Result
from benchmarks.report import FOLDER, show, write

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
    results: list[Result] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="draft-queen-bench-", ignore_cleanup_errors=True)))
        folder.chmod(0o711)  # as root, the server runs as nobody and has to pass through
        context = Context(folder, stack)
        for name in chosen or names():
            started = time.perf_counter()
            print(f"{name} …", end=" ", flush=True, file=sys.stderr)
            results += importlib.import_module(f"benchmarks.{name}").run(context)
            print(f"{time.perf_counter() - started:.1f} s", file=sys.stderr)
    show(results)
    write(results, FOLDER / "latest.json")
    return 0 if all(result.met for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
