"""Applications that do something when they are imported or start: it is done once, and nothing of it outlives its generation."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.loop import Loop
from tests.support.matrix import PLAIN, TARGET, Case, assert_kept, edited, matrix_loop, needed, reloads, warmed
from tests.support.waiting import free_port, until

pytestmark = [pytest.mark.slow, needed()]

THREAD = Case(
    parts="import threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()\nvalue = lambda: 1",
    once={"app.parts": "starts a thread"},
)
CHILD = Case(
    parts="import subprocess\nCHILD = subprocess.Popen(['sleep', '600'])\nvalue = lambda: 1 if CHILD.poll() is None else 0",
    once={"app.parts": "starts a program"},
)
POOL = Case(
    parts="""
import multiprocessing
POOL = multiprocessing.get_context("fork").Pool(2)
value = lambda: POOL.apply(abs, (-1,))
""",
    once={"app.parts": "starts a process"},
)
EXECUTOR = Case(
    parts="""
from concurrent.futures import ProcessPoolExecutor
POOL = ProcessPoolExecutor(2)
value = lambda: POOL.submit(abs, -1).result()
""",
    once={"app.parts": "holds a pipe open"},
)
LIFESPAN = """
import contextlib
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from app import parts, words

@contextlib.asynccontextmanager
async def lifespan(app):
    async with parts.running():
        yield

def root(request):
    return PlainTextResponse(f"{words.WORD} {parts.value()}")

application = Starlette(routes=[Route("/", root)], lifespan=lifespan)
"""
DAEMONS = Case(
    parts="""
import contextlib, multiprocessing, time
CHILDREN = []

@contextlib.asynccontextmanager
async def running():
    for _ in range(2):
        CHILDREN.append(multiprocessing.Process(target=time.sleep, args=(600,), daemon=True))
        CHILDREN[-1].start()
    yield

value = lambda: sum(child.is_alive() for child in CHILDREN)
""",
    main=LIFESPAN,
    answer="{word} 2",
    kept=("starlette",),
)
ALL = {name: case for name, case in globals().items() if isinstance(case, Case)}


@pytest.mark.parametrize("name", ALL, ids=str.lower)
def test_an_effect(project: Callable[..., Loop], name: str) -> None:
    reloads(matrix_loop(project, ALL[name].written()), ALL[name])


def test_a_socket_at_import_is_taken_over(project: Callable[..., Loop]) -> None:
    parts = f"import socket\nSOCKET = socket.create_server(('127.0.0.1', {free_port()}))\nvalue = lambda: 1"
    case = Case(parts=parts, once={"app.parts": "opens a socket"}, stops_first=True)
    reloads(matrix_loop(project, case.written()), case)


SCHEDULER = """
import os
from pathlib import Path
from apscheduler.schedulers.background import BackgroundScheduler

def job():
    with Path("jobs.log").open("a") as log:
        log.write(f"{os.getpid()}\\n")

SCHEDULER = BackgroundScheduler()
SCHEDULER.add_job(job, "interval", seconds=0.2)
SCHEDULER.start()
value = lambda: 1
"""


@pytest.mark.parametrize("option", [(), ("--stop-first",)], ids=["plain", "stop first"])
def test_a_job_runs_in_the_current_process_alone(project: Callable[..., Loop], option: tuple[str, ...]) -> None:
    case = Case(parts=SCHEDULER, kept=("apscheduler", "tzlocal"), once={"app.parts": "starts a thread"}, options=option)
    loop = matrix_loop(project, case.written())
    reloads(loop, case)
    runs = (loop.root / "jobs.log").read_text().split()
    assert len(set(runs)) <= 5, "one for each generation, and the process that found out what must not be imported ahead"
    if option:
        turns = [pid for index, pid in enumerate(runs) if index == 0 or runs[index - 1] != pid]
        assert [pid for pid in turns if turns.count(pid) > 1] in ([], [turns[0]] * 2), runs  # that process ran while the first one did


def test_a_scheduler_in_the_lifespan(project: Callable[..., Loop]) -> None:
    parts = SCHEDULER.replace("SCHEDULER.start()\n", "") + (
        "import contextlib\n@contextlib.asynccontextmanager\nasync def running():\n"
        "    SCHEDULER.start()\n    yield\n    SCHEDULER.shutdown()\n"
    )
    case = Case(parts=parts, main=LIFESPAN, kept=("apscheduler", "starlette"))
    loop = matrix_loop(project, case.written())
    reloads(loop, case)
    assert len(set((loop.root / "jobs.log").read_text().split())) <= 4


PROMETHEUS = """
import os
from pathlib import Path
Path("metrics").mkdir(exist_ok=True)
os.environ["PROMETHEUS_MULTIPROC_DIR"] = "metrics"
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
HITS = Counter("hits", "Responses")

def value():
    HITS.inc()
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return generate_latest(registry).decode().split("\\nhits_total ")[1].split(".")[0]
"""


def test_metrics_of_all_generations(project: Callable[..., Loop]) -> None:
    """Packages that read the environment when they are imported are not imported before the application has set it."""
    case = Case(parts=PROMETHEUS)
    loop = matrix_loop(project, case.written())
    loop.started(target=TARGET)
    assert loop.get("/").text == "one 1"
    warmed(loop)
    for asked, (old, new) in enumerate((("one", "two"), ("two", "three")), 2):
        loop.edit("app/words.py", f"'{old}'", f"'{new}'")
        loop.wait_for_log("ms: app/words.py\n", times=asked - 1)
        assert loop.get("/").text == f"{new} {asked}", loop.log
        warmed(loop)
    assert_kept(loop, Case(once={"app.parts": ""}), logged=False)
    assert "prometheus_client" not in loop.get("/kept").text


def test_a_factory_with_metrics_is_called_once_in_each_process(project: Callable[..., Loop]) -> None:
    main = PLAIN + (
        "from prometheus_client import Counter\ndef create_application():\n    Counter('made', 'Applications')\n    return application\n"
    )
    case = Case(main=main, kept=("prometheus_client",))
    loop = matrix_loop(project, case.written())
    loop.started("--factory", target="app.main:create_application")
    warmed(loop)
    for old, new in (("one", "two"), ("two", "three")):
        edited(loop, old, new, "{word} 1")
    assert "Duplicated" not in loop.log


GRPC = """
import grpc
from app import parts, words

def respond(request, context):
    return f"{words.WORD} {parts.value()}".encode()

HANDLER = grpc.method_handlers_generic_handler("words.Words", {"Say": grpc.unary_unary_rpc_method_handler(respond)})
"""
GRPC_LIFESPAN = """
import contextlib
from app.rpc import HANDLER
import grpc

@contextlib.asynccontextmanager
async def running():
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((HANDLER,))
    server.add_insecure_port("127.0.0.1:PORT")
    await server.start()
    yield
    await server.stop(1)
"""
GRPC_WORKER = """
import signal, threading
from concurrent.futures import ThreadPoolExecutor
import grpc
from app.rpc import HANDLER

def main():
    end = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: end.set())
    server = grpc.server(ThreadPoolExecutor(2), options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((HANDLER,))
    server.add_insecure_port("127.0.0.1:PORT")
    server.start()
    print("serving\\n", end="", flush=True)
    end.wait()
    server.stop(1).wait()
"""
GRPC_CLIENT = """
import sys, grpc
with grpc.insecure_channel(sys.argv[1]) as channel:
    print(channel.unary_unary("/words.Words/Say")(b"", timeout=20, wait_for_ready=True).decode())
"""


def call(loop: Loop, port: int) -> str:
    client = subprocess.run([loop.python, "-c", GRPC_CLIENT, f"127.0.0.1:{port}"], capture_output=True, text=True, check=False)
    return client.stdout.strip() or client.stderr


@pytest.mark.parametrize("option", [[], ["--stop-first"]], ids=["noticed", "asked for"])
def test_a_grpc_server_is_a_worker(project: Callable[..., Loop], option: list[str]) -> None:
    port = free_port()
    case = Case(main=GRPC_WORKER.replace("PORT", str(port)), files={"project/app/rpc.py": GRPC})
    loop = matrix_loop(project, case.written())
    loop.start(*option, kind="worker", target="app.main:main")
    loop.wait_for_log("serving\n")
    assert call(loop, port) == "one 1", loop.log
    for number, (old, new) in enumerate((("one", "two"), ("two", "three")), 2):
        loop.edit("app/words.py", f"'{old}'", f"'{new}'")
        loop.wait_for_log("serving\n", times=number)
        loop.wait_for_log("ms: app/words.py\n", times=number - 1)
        assert call(loop, port) == f"{new} 1", loop.log
    assert loop.log.count("as with --stop-first") == (not option), loop.log


def test_a_grpc_server_in_the_lifespan(project: Callable[..., Loop]) -> None:
    port = free_port()
    main = LIFESPAN.replace("import contextlib", "import contextlib\nfrom app import server").replace("parts.running", "server.running")
    files = {"project/app/rpc.py": GRPC, "project/app/server.py": GRPC_LIFESPAN.replace("PORT", str(port))}
    case = Case(main=main, files=files, kept=("grpc", "starlette"))
    loop = matrix_loop(project, case.written())
    loop.started(target=TARGET)
    warmed(loop)
    for old, new in (("one", "two"), ("two", "three")):
        edited(loop, old, new, "{word} 1")
        until(lambda new=new: call(loop, port) == f"{new} 1", lambda: loop.log)  # type: ignore[misc]


CELERY_WORKER = """
from celery import Celery
from app import words
FOLDERS = {"data_folder_in": "queue", "data_folder_out": "queue", "control_folder": "control"}
tasks = Celery("tasks", broker="filesystem://", broker_transport_options=FOLDERS)
tasks.conf.worker_hijack_root_logger = False

@tasks.task(name="say")
def say(file):
    open(file, "w").write(words.WORD)

def main():
    tasks.worker_main(["worker", "--pool=POOL", "--concurrency=1", "--loglevel=info", "--without-gossip", "--without-mingle"])
"""
CELERY_CLIENT = """
import sys
from celery import Celery
FOLDERS = {"data_folder_in": "queue", "data_folder_out": "queue", "control_folder": "control"}
Celery(broker="filesystem://", broker_transport_options=FOLDERS).send_task("say", args=[sys.argv[1]])
"""


@pytest.mark.parametrize("pool", ["solo", "prefork"])
def test_a_celery_worker(project: Callable[..., Loop], pool: str) -> None:
    case = Case(main=CELERY_WORKER.replace("POOL", pool))
    loop = matrix_loop(project, case.written())
    for folder in ("queue", "control"):
        (loop.root / folder).mkdir()
    loop.start("--grace", "2", kind="worker", target="app.main:main")
    loop.wait_for_log(" ready.\n")

    def done(name: str) -> str:
        subprocess.run([loop.python, "-c", CELERY_CLIENT, name], cwd=loop.root, check=True)
        file = loop.root / name
        until(lambda: file.exists() and file.read_text(), lambda: loop.log)
        return file.read_text()

    assert done("first") == "one"
    for old, new in (("one", "two"), ("two", "three")):
        loop.edit("app/words.py", f"'{old}'", f"'{new}'")
        loop.wait_for_log("ms: app/words.py\n", times=1 if new == "two" else 2)
        loop.wait_for_log(" ready.\n", times=2 if new == "two" else 3)
        until(lambda new=new: done(f"{new}-{os.urandom(2).hex()}") == new, lambda: loop.log)  # type: ignore[misc]
    assert Path(loop.root / "queue").is_dir()
