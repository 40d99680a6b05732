"""From the fork to the running application: warm up if asked to, join the debugger, import, and hand over to the kind of work."""

from __future__ import annotations

import faulthandler
import gc
import importlib
import os
import pdb  # noqa: T100 - which is not to stop ahead of an edit
import signal
import sys
import threading
import traceback
from contextlib import suppress

from devloop.channel import Channel
from devloop.errors import is_held
from devloop.inputs import Inputs
from devloop.listener import Listener
from devloop.messages import MOST_NAMED, Current, Fork, Join, Outdated, Run, Unkept, Warm, Writing
from devloop.processes import be_called
from devloop.worker.joining import join_before_start
from devloop.worker.own import Own, own_modules
from devloop.worker.prompt import Prompt
from devloop.worker.report import Report
from devloop.worker.target import load

_WORKER = "devloop-worker"
_BEFORE_THE_APPLICATION = (os.path.dirname(os.path.dirname(__file__)) + "/", importlib.__file__, "<frozen importlib")  # noqa: PTH120 - at every start


def run(job: Fork, channel: Channel, listener: Listener | None, inputs: Inputs) -> int:
    """Do the job; the exit code."""
    inputs.begin()
    inputs.tell_written = lambda file: channel.send(Writing(file))
    importlib.invalidate_caches()  # the zygote has looked into folders, a while ago
    sys.path[:] = [job.root, *(path for path in sys.path if path not in ("", job.root))]
    sys.argv[:] = [job.target]
    be_called(_WORKER)
    if job.error is not None:
        from devloop.worker.configuration import encryption
        from devloop.worker.error_page import answer_with_error
        from devloop.worker.refresh import PageOrigin

        origin = PageOrigin(job.supervisor, job.generation, str(job.server.get("root_path", "")))
        return answer_with_error(channel, listener, job.error, origin, encryption(job.server), starting=job.starting)
    if job.kind == "asgi":
        from devloop.worker.leaving import let_children_end

        let_children_end()
    Prompt(job, channel).install()
    faulthandler.register(signal.SIGUSR2, all_threads=False)  # the supervisor asks a start that takes long where it is
    report = Report(inputs, frozenset(sys.modules))
    try:
        generation, join = (job.generation, job.join) if job.warm is None else _wait_warm(job, channel, inputs)
        if join is not None:
            join_before_start(Join(*join), channel)
        return _work(job, generation, channel, listener, report, joined=join is not None)
    except SystemExit as end:
        if isinstance(end.code, int) or end.code is None:
            channel.send(report.failed(f"The code asked to end with exit code {end.code or 0} when it was imported."))
            return end.code or 0
        channel.send(report.failed(str(end.code)))
        return 1
    except BaseException as error:  # noqa: BLE001 - reported to the supervisor, which logs it and shows it on the error page
        channel.send(report.failed(_text(error)))
        return 3


def _text(error: BaseException) -> str:
    """Return the traceback, from the first frame that is neither this package's nor the import system's; all of it if no frame is left."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_BEFORE_THE_APPLICATION):
        trace = trace.tb_next
    if trace is None and not isinstance(error, (SyntaxError, ImportError)):  # those two name the place themselves
        trace = error.__traceback__
    return "".join(traceback.format_exception(error.with_traceback(trace)))


def _wait_warm(job: Fork, channel: Channel, inputs: Inputs) -> tuple[int, tuple[str, int, int] | None]:
    """Import what does not depend on the files edited last, and wait to be needed."""
    be_called("devloop-warm")
    held, name = _held(), ""

    def stop(*_arguments: object, **_named: object) -> None:
        """Ignore ``breakpoint()`` in a process that is not serving yet: its prompt would have no user."""
        channel.send(Unkept(name, "calls breakpoint()"))
        os._exit(0)

    hook, set_trace = sys.breakpointhook, pdb.set_trace
    sys.breakpointhook = pdb.set_trace = stop
    for name in job.warm or []:
        before = _loaded(job.unsafe)
        try:
            importlib.import_module(name)
        except Exception as error:
            if not is_held(traceback.format_exc()):
                raise
            channel.send(Unkept(_failed_in(error, inputs.own, name), "needs what the running process holds"))
            os._exit(0)
        if _loaded(job.unsafe) != before:
            held = _held()  # what a package holds is its own account, and not what the application does
        more = _more(held, _held())
        if inputs.effects or more:
            channel.send(Unkept(*next(iter(inputs.effects.items()), (name, more))))
            os._exit(0)
    sys.breakpointhook, pdb.set_trace = hook, set_trace
    gc.freeze()
    channel.send(Warm(own_modules(inputs.own)))
    message = channel.receive()
    if not isinstance(message, Run):
        os._exit(0)
    if changed := inputs.changed():
        channel.send(Outdated(changed[:MOST_NAMED]))
        os._exit(0)
    channel.send(Current())
    be_called(_WORKER)
    importlib.invalidate_caches()
    return message.generation, message.join


def _failed_in(error: BaseException, own: Own, name: str) -> str:
    """Return the module of the application that was being imported when this was raised; ``name`` was imported first."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_name == "<module>" and own.has(frame.f_code.co_filename):
            name = str(frame.f_globals.get("__name__", name))
    return name


def _loaded(packages: list[str]) -> list[str]:
    return [name for name in packages if name in sys.modules]


def _held() -> tuple[int, frozenset[str]]:
    """Return the number of threads of this process, and what it holds open."""
    open_files = set()
    for number in os.listdir("/proc/self/fd"):  # noqa: PTH208 - after each module
        with suppress(OSError):  # the one by which the folder was read
            open_files.add(f"{number} {os.readlink(f'/proc/self/fd/{number}')}")  # noqa: PTH115
    return threading.active_count(), frozenset(open_files)  # threads of C libraries are theirs


def _more(before: tuple[int, frozenset[str]], now: tuple[int, frozenset[str]]) -> str:
    """Describe in words what a second process must not hold as well; empty if there is nothing."""
    if now[0] > before[0]:
        return "starts a thread"
    opened = sorted(now[1] - before[1])
    if not opened:
        return ""
    name = opened[0].partition(" ")[2]
    kind, bracket, _ = name.partition(":[")  # such as pipe:[4711]
    return f"holds a {kind} open" if bracket else f"holds {name} open"


def _work(job: Fork, generation: int, channel: Channel, listener: Listener | None, report: Report, *, joined: bool) -> int:
    report.begin()
    target = load(job.target)
    report.imported()
    if job.kind == "worker":
        from devloop.worker.plain import work

        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return work(target, channel, report)
    from devloop.worker.asgi import serve

    assert listener is not None  # noqa: S101 - the supervisor of an application always holds one
    return serve(target, job, channel, listener, generation, report, joined=joined)
