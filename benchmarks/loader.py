"""Loads a folder in a process of its own and prints what it took: ``python -m benchmarks.loader DSN EXPORTS FOLDER MODE…``.

Each MODE is one load: ``load`` as it comes, ``own`` without the exports that are made of several data sets, ``compare`` like that and with
the checksum forgotten, so that every row is compared. One JSON line per load:
seconds, the states, and resident memory in bytes: its peak during the load, and what is still held a second after it.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.harness import execute
from pipeline.options import LoadOptions
from pipeline.run import load_all

#: polars' allocator keeps freed memory for a while (see ``pipeline/__init__.py``); the C library's keeps a varying amount indefinitely, and
#: releases it on request.
SETTLING_SECONDS = 1


def _status(field: str) -> int:
    """A line of /proc/self/status in bytes."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{field}:")]
    return int(line.split()[1]) * 1024


def main(dsn: str, exports: str, folder: str, *modes: str) -> None:
    """One load per mode."""
    options = LoadOptions(dsn=dsn, exports_dir=Path(exports), source="files", directory=Path(folder))
    for mode in modes:
        if mode == "compare":
            execute(dsn, "update dataset set checksum = 'forgotten'")
        Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
        options = replace(options, joined=mode == "load")
        started = time.perf_counter()
        reports = asyncio.run(load_all(options))
        seconds = time.perf_counter() - started
        peak = _status("VmHWM")
        time.sleep(SETTLING_SECONDS)
        ctypes.CDLL(None).malloc_trim(0)
        line = {
            "seconds": seconds,
            "states": [report.state for report in reports],
            "errors": [report.error for report in reports if report.error],
            "rows": sum(report.rows_read for report in reports),
            "unchanged": sum(report.rows_unchanged for report in reports),
            "peak": peak,
            "after": _status("VmRSS"),
            "timings": {report.dataset: report.timings for report in reports},
        }
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
