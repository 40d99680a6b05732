"""``python -m devloop_benchmarks [MEASURE…]``: run all measures or those named, print a table, write benchmarks/results/devloop.json.

Exit code 1: a demand was missed. The demands are for Python 3.13 in the dev image: ``make bench-devloop IN=container``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from functools import partial
from pathlib import Path

from benchmarks.harness import CHECKOUT, Context
from benchmarks.report import FOLDER, measure
from devloop_benchmarks.measures import MEASURES, Bench

#: From this version on a debugger costs next to nothing where no breakpoint is.
CHEAP_DEBUGGER = (3, 12)


def options() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m devloop_benchmarks", description=__doc__)
    parser.add_argument("measure", nargs="*", help=f"one or more of {', '.join(MEASURES)}")
    defaults = Bench.__dataclass_fields__
    parser.add_argument("--edits", type=int, default=defaults["edits"].default, help="edits of each server, and stops of a debugger")
    parser.add_argument("--reloads", type=int, default=defaults["reloads"].default, help="reloads under load")
    parser.add_argument("--rounds", type=int, default=defaults["rounds"].default, help="rounds of requests to each server")
    parser.add_argument("--starts", type=int, default=defaults["starts"].default, help="starts of each server")
    parser.add_argument(
        "--numeric-python",
        default=matrix_python(),
        help="an interpreter with numpy, pandas, fastapi, sqlalchemy, watchfiles and debugpy (default: that of scripts/matrix.sh)",
    )
    found = parser.parse_args()
    unknown = sorted(set(found.measure) - set(MEASURES))
    if unknown:
        parser.error(f"there is no measure {', '.join(unknown)}; there are {', '.join(MEASURES)}")
    if min(found.edits, found.reloads, found.rounds, found.starts) < 1:
        parser.error("everything is done once at least")
    return found


def matrix_python() -> str | None:
    """Return the interpreter of the compatibility tests' environment, which has all of them; None where it is not installed."""
    script = CHECKOUT / "scripts" / "matrix.sh"
    if not script.exists():
        return None
    folder = subprocess.run([script, "path"], capture_output=True, text=True, check=True).stdout.strip()
    python = Path(folder) / "bin" / "python"
    return str(python) if python.exists() else None


def main() -> int:
    """Run, show, write."""
    chosen = options()
    if sys.version_info < CHEAP_DEBUGGER:
        print("Before Python 3.12 an attached debugger slows down every line: what is attached here may miss its demand.", file=sys.stderr)
    with Context() as context:
        bench = Bench(context, chosen.edits, chosen.reloads, chosen.rounds, chosen.starts, chosen.numeric_python)
        return measure({name: partial(MEASURES[name], bench) for name in chosen.measure or MEASURES}, FOLDER / "devloop.json")


if __name__ == "__main__":
    sys.exit(main())
