"""What is measured and what is demanded of it; each function is one run of its servers next to each other."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from statistics import median

from benchmarks.harness import CHECKOUT, Context, Result
from devloop_benchmarks import debugger
from devloop_benchmarks.application import Application
from devloop_benchmarks.checkout import copy_of_checkout
from devloop_benchmarks.edits import Times, in_turn, percentile, twice
from devloop_benchmarks.generator import FOREIGN, LARGE, NUMERIC, PLAIN_RECIPE, Recipe, generate
from devloop_benchmarks.memory import beside_the_worker, is_adapter
from devloop_benchmarks.request_cost import ratios, round_medians
from devloop_benchmarks.servers import Running, serve
from devloop_benchmarks.under_load import Outcome, reload_under_load

OURS, RELOADER, PLAIN = "devloop", "uvicorn --reload", "uvicorn"
#: The numbers of the demands below.
EDIT_MS, EDIT_P95_MS, EDIT_TIMES, BASE_TIMES, DEBUGGED_TIMES = 250, 600, 8, 2.5, 4
LARGE_MS, SECOND_TIMES = 300, 1.5
STOP_MS, STEP_MS, STEP_TIMES = 40, 20, 8
#: Processes that are stepped through.
STEPPED_PROCESSES = 4
#: Handing kept connections to the next process takes about 10 µs of each request; the shortest possible one takes 100.
UNATTACHED_COST, ATTACHED_COST = 1.15, 1.20
START_TIMES, MEMORY_MB = 1.10, 120


@dataclass
class Bench:
    """How often things are repeated, and where the applications are written."""

    context: Context
    edits: int = 20
    reloads: int = 50
    rounds: int = 20
    starts: int = 12
    #: An interpreter with numpy, pandas and everything that the generated application needs.
    numeric_python: str | None = None
    _numbers: Iterator[int] = field(default_factory=count)

    def generated(self, recipe: Recipe = PLAIN_RECIPE) -> Application:
        """A generated application of its own, with a database if it uses one."""
        environment = (
            self._database(migrated=False) if recipe.database else {"DATABASE_URL": "", "PYTHONPATH": str(CHECKOUT / "devloop" / "src")}
        )
        return generate(self._folder(), environment, recipe)

    def checkout(self) -> Application:
        """A copy of this project of its own, with a migrated database."""
        return copy_of_checkout(self._folder(), self._database(migrated=True))

    @contextmanager
    def serve(self, command: str, application: Application, *, debug: bool = False) -> Iterator[Running]:
        """Run it, with its log next to the application."""
        with serve(command, application, application.folder.with_suffix(".log"), debug=debug) as running:
            yield running

    def _folder(self) -> Path:
        return self.context.folder / f"application-{next(self._numbers)}"

    def _database(self, *, migrated: bool) -> Mapping[str, str]:
        return {"DATABASE_URL": self.context.new_database(migrated=migrated)}


def edits(bench: Bench) -> list[Result]:
    """The debug port is open in ours, but no editor is attached, as is usual."""
    return _edits_of(bench, PLAIN_RECIPE)


def foreign(bench: Bench) -> list[Result]:
    """The same with 1,100 modules of installed packages."""
    return _edits_of(bench, FOREIGN)


def numeric(bench: Bench) -> list[Result]:
    """The same with numpy and pandas, in another environment; without one this measure is left out."""
    if bench.numeric_python is None:
        print("left out, because no interpreter has numpy and pandas (--numeric-python):", end=" ", file=sys.stderr)
        return []
    return _edits_of(bench, replace(NUMERIC, python=bench.numeric_python))


def _edits_of(bench: Bench, recipe: Recipe) -> list[Result]:
    with bench.serve(OURS, bench.generated(recipe), debug=True) as ours, bench.serve(RELOADER, bench.generated(recipe)) as peer:
        servers = [(OURS, ours), (RELOADER, peer)]
        routers = in_turn(servers, bench.edits)
        bases = in_turn(servers, bench.edits, of_base=True)
    where = "" if recipe is PLAIN_RECIPE else f"{recipe.name}, "
    return [
        *_edit_results(f"{where}edit of a router", routers, EDIT_TIMES),
        *_edit_results(f"{where}edit of the file all import", bases, BASE_TIMES, limits=False),
    ]


def large(bench: Bench) -> list[Result]:
    """Edits of routers in a project of 1,500 modules."""
    with bench.serve(OURS, bench.generated(LARGE), debug=True) as ours, bench.serve(RELOADER, bench.generated(LARGE)) as peer:
        ours_times, peer_times = in_turn([(OURS, ours), (RELOADER, peer)], bench.edits)
    detail = {each.server: each.summary() for each in (ours_times, peer_times)}
    return [Result(f"{LARGE.name}, edit of a router: median", ours_times.median, LARGE_MS, at_least=False, unit=" ms", detail=detail)]


def second(bench: Bench) -> list[Result]:
    """Two edits of one file, one second apart."""
    with bench.serve(OURS, bench.generated(), debug=True) as running:
        pair = twice(running, bench.edits)
    detail = {each.server: each.summary() for each in pair}
    times = pair[1].median / pair[0].median
    return [Result("second of two edits 1 s apart: against the first", times, SECOND_TIMES, at_least=False, detail=detail)]


def checkout(bench: Bench) -> list[Result]:
    """The same edit in a copy of this project."""
    with bench.serve(OURS, bench.checkout(), debug=True) as ours, bench.serve(RELOADER, bench.checkout()) as peer:
        return _edit_results("edit of this project's API", in_turn([(OURS, ours), (RELOADER, peer)], bench.edits), EDIT_TIMES)


def debugged(bench: Bench) -> list[Result]:
    """A debugger is attached to both, with a breakpoint that only one path reaches; at the end it has to be hit."""
    with ExitStack() as stack:
        ours = stack.enter_context(bench.serve(OURS, bench.generated(), debug=True))
        peer = stack.enter_context(bench.serve(RELOADER, bench.generated(), debug=True))
        clients = [stack.enter_context(debugger.attached(running)) for running in (ours, peer)]
        pair = in_turn([(OURS, ours), (f"debugpy -m {RELOADER}", peer)], bench.edits)
        for client in clients:
            client.stop_and_continue()
    return _edit_results("edit of a router, debugger attached", pair, DEBUGGED_TIMES, limits=False)


def _edit_results(what: str, pair: list[Times], times: float, *, limits: bool = True) -> list[Result]:
    """Our times against the limits, and how many times as long the peer takes."""
    ours, peer = pair
    detail = {each.server: each.summary() for each in pair}
    results = [Result(f"{what}: {peer.server} against ours", peer.median / ours.median, times, detail=detail)]
    if limits:
        results.append(Result(f"{what}: median", ours.median, EDIT_MS, at_least=False, unit=" ms"))
        results.append(Result(f"{what}: p95", ours.p95, EDIT_P95_MS, at_least=False, unit=" ms"))
    return results


def load(bench: Bench) -> list[Result]:
    """Ours, with the same for the peer as a detail."""
    with bench.serve(OURS, bench.generated(), debug=True) as running:
        ours = reload_under_load(running, bench.reloads)
    if ours.newest < ours.reloads:
        raise RuntimeError(f"generation {ours.newest} after {ours.reloads} reloads: the answers do not tell which code they are from")
    with bench.serve(RELOADER, bench.generated()) as running:
        peer = reload_under_load(running, bench.reloads)
    detail = {OURS: ours.summary(), RELOADER: peer.summary()}
    what = f"{ours.reloads} reloads, {ours.answered} requests"
    return [
        Result(f"{what}: refused, reset, 5xx", _failed(ours), 0, at_least=False, unit="", detail=detail),
        *(
            Result(f"{what}: old code after new, {kind}", ours.old_after_new[kind], 0, at_least=False, unit="")
            for kind in sorted({each.kind for each in ours.exchanges})
        ),
    ]


def _failed(outcome: Outcome) -> int:
    return sum(outcome.failures.values())


def pauses(bench: Bench) -> list[Result]:
    """From a request to the variables at the breakpoint, and from a step to the variables after it.

    In a process after the other, each made by an edit: what is late in one of them need not be late in the next.
    """
    stops: list[float] = []
    steps: list[list[float]] = []
    with bench.serve(OURS, bench.generated(), debug=True) as running, debugger.attached(running) as client:
        for number in range(STEPPED_PROCESSES):
            if number:
                client.edit_and_wait()
            stopped, stepped = client.stops_and_steps(max(1, bench.edits // STEPPED_PROCESSES))
            stops += stopped
            steps.append(stepped)
    quickest = [min(each) for each in steps]
    detail = {"quickest_of_each_process_ms": [round(value * 1000, 1) for value in quickest]}
    return [
        _milliseconds("request until stopped, with variables", stops, STOP_MS),
        _milliseconds("step, with variables", [step for each in steps for step in each], STEP_MS),
        Result("quickest step, worst process against best", max(quickest) / min(quickest), STEP_TIMES, at_least=False, detail=detail),
    ]


def _milliseconds(what: str, seconds: list[float], most: float) -> Result:
    detail = {"p95_ms": round(percentile(seconds, 95) * 1000, 1), "count": len(seconds)}
    return Result(f"{what}: median", median(seconds) * 1000, most, at_least=False, unit=" ms", detail=detail)


def cost(bench: Bench) -> list[Result]:
    """The same requests to the plain server, to ours with an open debug port, and to ours with a debugger attached."""
    idle, attached = "no debugger attached", "attached, breakpoint not hit"
    with ExitStack() as stack:
        plain = stack.enter_context(bench.serve(PLAIN, bench.generated()))
        unattached = stack.enter_context(bench.serve(OURS, bench.generated(), debug=True))
        debugged = stack.enter_context(bench.serve(OURS, bench.generated(), debug=True))
        client = stack.enter_context(debugger.attached(debugged))
        rounds = round_medians([(PLAIN, plain), (idle, unattached), (attached, debugged)], bench.rounds)
        client.stop_and_continue()
    return [
        Result(f"request, {kind} route, {name}: against {peer}", times, most, at_least=False)
        for name, peer, most in (
            (idle, PLAIN, UNATTACHED_COST),
            (attached, idle, ATTACHED_COST),
            (attached, PLAIN, round(UNATTACHED_COST * ATTACHED_COST, 2)),
        )
        for kind, times in ratios(rounds, name, peer).items()
    ]


def starts(bench: Bench) -> list[Result]:
    """To the first answer, in turn; the first start of each leaves its compiled files and caches and is not counted."""
    applications = {OURS: bench.generated(), PLAIN: bench.generated()}
    seconds: dict[str, list[float]] = {name: [] for name in applications}
    for number in range(bench.starts + 1):
        for name, application in applications.items():
            with bench.serve(name, application, debug=name == OURS) as running:
                if number:
                    seconds[name].append(running.started_in)
    detail = {f"{name}_ms": round(median(values) * 1000, 1) for name, values in seconds.items()}
    return [
        Result(
            f"start to first answer: against {PLAIN}",
            median(seconds[OURS]) / median(seconds[PLAIN]),
            START_TIMES,
            at_least=False,
            detail=detail,
        )
    ]


def memory(bench: Bench) -> list[Result]:
    """After three edits, when every process has been needed once; first without a debugger, then with one.

    As with the starts, the first start is not counted: there the loop learns what to preload, and every later one knows it.
    """
    application = bench.generated()
    with bench.serve(OURS, application, debug=True) as running:
        _work(running)
    with bench.serve(OURS, application, debug=True) as running:
        _work(running)
        alone = beside_the_worker(running)
        with debugger.attached(running):
            _work(running)
            attached = {name: value for name, value in beside_the_worker(running).items() if not is_adapter(name)}
    return [
        _megabytes("memory besides the worker, no debugger attached", alone),
        _megabytes("memory besides the worker, debugger attached, without debugpy's adapter", attached),
    ]


def _work(running: Running) -> None:
    """Three edits, and the time to get ready for the next."""
    in_turn([(OURS, running)], 3)


def _megabytes(what: str, found: Mapping[str, float]) -> Result:
    return Result(what, sum(found.values()), MEMORY_MB, at_least=False, unit=" MB", detail=found)


MEASURES = {
    "edits": edits,
    "checkout": checkout,
    "foreign": foreign,
    "numeric": numeric,
    "large": large,
    "second": second,
    "load": load,
    "starts": starts,
    "memory": memory,
    "debugged": debugged,
    "pauses": pauses,
    "cost": cost,
}
