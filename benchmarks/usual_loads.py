"""Our load against those that a user would otherwise write: ``python -m benchmarks.usual_loads [ROWS]``.

pandas, polars through ADBC, and dlt load the same files into the same server without any check; ours has all its checks, persons, exports
and change events. Their libraries (``benchmarks/usual-loads.txt``) are installed into an environment of their own: ours stays as it is
locked.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import venv
from pathlib import Path

from app.datasets import EXPECTED
from benchmarks.etl_load import copy_plain, timed_loads
from benchmarks.harness import CHECKOUT, Context, apart
from pipeline.sources.sample.generate import write

WAYS = {"pandas": "pandas to_sql", "polars": "polars write_database (ADBC)", "dlt": "dlt, replace"}
ENVIRONMENT = CHECKOUT / ".cache" / "usual-loads"


def usual_python() -> str:
    """The interpreter with their libraries; they are installed at the first call."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        venv.create(ENVIRONMENT, with_pip=True)
        requirements = CHECKOUT / "benchmarks" / "usual-loads.txt"
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--requirement", requirements], check=True)
    return str(python)


def _usual(context: Context, folder: Path, way: str) -> float:
    command = [usual_python(), str(CHECKOUT / "benchmarks" / "usual_ways.py"), way, context.new_database(migrated=False), str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout.split()[-1])


def main(rows: int) -> None:
    """Load the same files in every way and print the seconds of each."""
    with Context() as context:
        folder = context.folder / "files"
        write(folder, rows=rows, seed=1, file_format="csv", datasets=EXPECTED)
        seconds = {
            "COPY into plain tables": apart(lambda: asyncio.run(copy_plain(context.new_database(migrated=False), folder))),
            "ours, with all checks": (ours := timed_loads(context, context.new_database(), folder, 0, "load")[0]["seconds"]),
            **{title: _usual(context, folder, way) for way, title in WAYS.items()},
        }
        for title, took in seconds.items():
            print(f"{title:<32}{took:8.1f} s{took / ours:8.1f} x ours")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
