"""What it costs to be shown the help."""

from __future__ import annotations

import os
import subprocess
import sys

from benchmarks.harness import CHECKOUT, Context, Result

RUNS = 7
DEMANDED_MILLISECONDS = 100.0


def cpu_milliseconds(*command: str) -> float:
    """Processor time of a command, the least of several runs: what else the machine does can only add."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    times = []
    for _ in range(RUNS):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment, cwd=CHECKOUT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, f"{command} ended with {process.returncode}"
        times.append((usage.ru_utime + usage.ru_stime) * 1000)
    return min(times)


def run(context: Context) -> list[Result]:  # noqa: ARG001 - every benchmark gets it
    """Compare `dq --help` with an interpreter that does nothing."""
    shown = cpu_milliseconds(sys.executable, "-m", "cli.entry", "--help")
    bare = cpu_milliseconds(sys.executable, "-c", "pass")
    detail = {"bare_python_ms": round(bare, 1), "times_bare_python": round(shown / bare, 1)}
    return [Result("dq --help: processor time", shown, DEMANDED_MILLISECONDS, at_least=False, unit=" ms", detail=detail)]
