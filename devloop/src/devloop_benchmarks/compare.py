"""``python -m devloop_benchmarks.compare [PART…]``: the loop and other reloaders on the same applications.

Prints tables in Markdown. Each server has a copy of the application of its own. Edits go to one server after the other, so that a slow
minute of the machine hits all of them. The parts are

- ``small``: edits of an application of 34 modules, and the memory of all processes;
- ``large``: the same with 1,006 modules;
- ``load``: requests lost in 10 reloads at 50 requests per second;
- ``kinds``: which kinds of edits are served, and what happens to broken code and to the state of the process;
- ``debugger``: whether a breakpoint is still hit after each of five edits, with one attach.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import psutil

from benchmarks.harness import CHECKOUT, Context, pss_megabytes
from benchmarks.report import FOLDER
from devloop_benchmarks import debugger, generator
from devloop_benchmarks.application import Application, Editable
from devloop_benchmarks.client import Answer, ask, first_answer
from devloop_benchmarks.edits import PAUSE_SECONDS, answered_after
from devloop_benchmarks.servers import Running, serve
from devloop_benchmarks.under_load import reload_under_load
from tests.support.dap.session import RequestFailed, Waited

SERVERS = ("devloop", "uvicorn --reload", "watchfiles", "hupper", "granian --reload", "jurigged")
#: Four modules for each: 1,006 altogether.
MANY = tuple(f"team{number}" for number in range(250))
RELOADS = 10
STOPS = 5
#: How long an edit may take that a server may also never serve.
SERVED_SECONDS = 20.0
Cells = dict[str, str]
Table = dict[str, Cells]


@dataclass
class Comparison:
    """Where the applications are written, and which servers take part."""

    context: Context
    packages: Path
    servers: Sequence[str]
    _made: list[Path] = field(default_factory=list)

    def application(self, domains: Sequence[str] = generator.DOMAINS) -> Application:
        """A copy of its own, with a database."""
        folder = self.context.folder / f"application-{len(self._made)}"
        self._made.append(folder)
        environment = {"DATABASE_URL": self.context.new_database(migrated=False), "PYTHONPATH": str(self.packages)}
        return generator.generate(folder, environment, domains=domains)

    def start(self, stack: ExitStack, name: str, domains: Sequence[str] = generator.DOMAINS, *, debug: bool = False) -> Running:
        """Run that server until the stack is closed."""
        application = self.application(domains)
        return stack.enter_context(serve(name, application, application.folder.with_suffix(".log"), debug=debug))


def small(comparison: Comparison) -> Table:
    """An application of 34 modules."""
    return _edits(comparison, generator.DOMAINS, leaf_edits=6, base_edits=3)


def large(comparison: Comparison) -> Table:
    """An application of 1,006 modules."""
    return _edits(comparison, MANY, leaf_edits=3, base_edits=2)


def _edits(comparison: Comparison, domains: Sequence[str], leaf_edits: int, base_edits: int) -> Table:
    """The median from an edit to the first answer by the new code, in turn."""
    with ExitStack() as stack:
        running = {name: comparison.start(stack, name, domains) for name in comparison.servers}
        time.sleep(2 * PAUSE_SECONDS)
        table = {name: {"first answer": _seconds(one.started_in)} for name, one in running.items()}
        leaves = {name: one.application.routers[0] for name, one in running.items()}
        bases = {name: one.application.base for name, one in running.items()}
        for what, editables, edits in (("edit of one route", leaves, leaf_edits), ("edit of the base module", bases, base_edits)):
            for name, times in _in_turn(running, editables, edits).items():
                table[name][what] = _seconds(median(times)) if len(times) == edits else "not served"
        for name, one in running.items():
            table[name]["memory"] = f"{_memory(one):.0f} MB"
    return table


def _in_turn(running: Mapping[str, Running], editables: Mapping[str, Editable], edits: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in running}
    for number in range(edits):
        for name, one in running.items():
            if len(times[name]) == number:  # a server that has not served an edit is not asked again
                try:
                    times[name].append(answered_after(one, editables[name]))
                except TimeoutError:
                    print(f"{name} did not serve an edit of {editables[name].file.name}", file=sys.stderr)
                time.sleep(PAUSE_SECONDS)
    return times


def _memory(running: Running) -> float:
    total = 0.0
    for process in running.processes():
        try:
            total += pss_megabytes(process.pid)
        except (psutil.NoSuchProcess, ProcessLookupError, FileNotFoundError):
            continue
    return total


def load(comparison: Comparison) -> Table:
    """One server after the other: half of the requests on new connections, half on kept ones."""
    table: Table = {}
    for name in comparison.servers:
        with ExitStack() as stack:
            outcome = reload_under_load(comparison.start(stack, name), RELOADS)
        failures = outcome.failures
        lost = sum(failures.values())
        table[name] = {
            "requests": str(outcome.answered + lost),
            "lost": str(lost),
            "how": ", ".join(f"{count} {what}" for what, count in sorted(failures.items())) or "none",
            "slowest": _seconds(outcome.slowest),
        }
    return table


def kinds(comparison: Comparison) -> Table:
    """Each kind once; what is served within twenty seconds."""
    table: Table = {}
    for name in comparison.servers:
        with ExitStack() as stack:
            table[name] = _kinds(comparison.start(stack, name))
    return table


def _kinds(running: Running) -> Cells:
    router, base = running.application.routers[0], running.application.base
    time.sleep(PAUSE_SECONDS)
    before = _process(running)
    answered_after(running, router)
    cells = {"state kept": _yes(_process(running) == before)}
    _append(router.file, '\n\n@router.get("/added")\nasync def added() -> dict[str, str]:\n    return {"added": MARK}\n')
    cells["new route"] = _served(running, router.path.replace("/mark", "/added"), lambda answer: answer.status == 200)
    _append(base.file, '    extra: str = "extra"\n')  # the last class is the one of all answers
    cells["new field of a common model"] = _served(running, router.path, lambda answer: b'"extra"' in answer.body)
    text = router.file.read_text()
    _append(router.file, "\ndef broken(:\n")
    time.sleep(3 * PAUSE_SECONDS)
    try:
        cells["broken code"] = "old code answers" if ask(running.port, router.path, timeout=3).status == 200 else "an error answers"
    except TimeoutError:
        cells["broken code"] = "requests wait"
    except OSError:
        cells["broken code"] = "requests are refused"
    router.file.write_text(text)
    mark = router.edit()
    cells["after the fix"] = _served(running, router.path, lambda answer: mark in answer.body)
    return cells


def _process(running: Running) -> int:
    return int(json.loads(ask(running.port, "/pid").body)["pid"])


def _append(file: Path, text: str) -> None:
    time.sleep(PAUSE_SECONDS)
    with file.open("a", encoding="utf-8") as stream:
        stream.write(text)


def _served(running: Running, path: str, wanted: Callable[[Answer], bool]) -> str:
    try:
        first_answer(running.port, path, wanted, within=SERVED_SECONDS)
    except TimeoutError:
        return "no"
    return "yes"


def attached(comparison: Comparison) -> Table:
    """With debugpy in front of the command, as its documentation shows; the loop has a port of its own."""
    table: Table = {}
    for name in comparison.servers:
        seconds: list[float] = []
        try:
            with ExitStack() as stack:
                running = comparison.start(stack, name, debug=True)
                client = stack.enter_context(debugger.attached(running))
                for _ in range(STOPS):
                    time.sleep(PAUSE_SECONDS)
                    started = time.perf_counter()
                    answered_after(running, running.application.routers[0])
                    client.wait_until_it_works()
                    seconds.append(time.perf_counter() - started)
        except (Waited, RequestFailed, OSError, RuntimeError) as error:
            print(f"{name}: {str(error).strip().splitlines()[0][:200]}", file=sys.stderr)
        table[name] = {
            "stopped after an edit": f"{len(seconds)} of {STOPS}",
            "from the edit to the stop": _seconds(median(seconds)) if seconds else "never",
        }
    return table


PARTS: Mapping[str, Callable[[Comparison], Table]] = {
    "small": small,
    "large": large,
    "load": load,
    "kinds": kinds,
    "debugger": attached,
}


def _seconds(value: float) -> str:
    return f"{value:.2f} s"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def show(table: Table) -> None:
    """Print it in Markdown."""
    columns = list(next(iter(table.values())))
    print(f"| | {' | '.join(columns)} |\n|---{'|---' * len(columns)}|")
    for name, cells in table.items():
        print(f"| {name} | {' | '.join(cells[column] for column in columns)} |")


def peers() -> Path:
    """Install the locked packages of the others into the cache, once for each lock."""
    lock, folder = CHECKOUT / "requirements" / "peers.txt", CHECKOUT / ".cache" / "peers"
    stamp = folder / ".installed"
    if not stamp.exists() or stamp.read_text() != lock.read_text():
        uv = Path(sys.executable).with_name("uv")
        command = [str(uv), "pip", "install", "--quiet", "--require-hashes", "--target", str(folder), "--requirement", str(lock)]
        subprocess.run(command, check=True)
        stamp.write_text(lock.read_text())
    return folder


def main() -> int:
    """Measure, print and write benchmarks/results/devloop-comparison.json."""
    parser = argparse.ArgumentParser(prog="python -m devloop_benchmarks.compare")
    parser.add_argument("part", nargs="*", help=f"one or more of {', '.join(PARTS)}")
    parser.add_argument("--server", action="append", choices=SERVERS, help="only this one; again for more")
    chosen = parser.parse_args()
    if unknown := sorted(set(chosen.part) - set(PARTS)):
        parser.error(f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    packages = peers()
    file = FOLDER / "devloop-comparison.json"
    content = json.loads(file.read_text()) if file.exists() else {}
    for part in chosen.part or PARTS:
        with Context() as context:
            table = PARTS[part](Comparison(context, packages, chosen.server or SERVERS))
        at, average = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", os.getloadavg()[0]
        machine = f"Python {platform.python_version()}, {len(os.sched_getaffinity(0))} processors, load average {average:.1f}"
        print(f"\n{part}: {at}, {machine}\n")
        show(table)
        content[part] = {"at": at, "machine": machine, "table": table}
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
