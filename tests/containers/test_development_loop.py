"""The development loop through the dev container: edits made on the host, an editor on the host, the debug ports as they are published."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.containers.stack import Stack, wait_until
from tests.support.dap import Editor
from tests.support.dap.wire import Json

pytestmark = pytest.mark.usefixtures("devcontainer_command")

#: Asks the pipeline for a load, as its schedule does.
QUEUE_A_LOAD = """
import asyncio, os, asyncpg
from pgqueuer import Queries
async def main():
    connection = await asyncpg.connect(os.environ["DATABASE_URL"], password=os.environ["DATABASE_PASSWORD"])
    await Queries.from_asyncpg_connection(connection).enqueue("load", None)
asyncio.run(main())
"""


class Watched:
    """A stack that was opened as an editor opens it, and what its loops say."""

    def __init__(self, stack: Stack, opened_at: float) -> None:
        self.stack, self.opened_at = stack, opened_at

    def log(self, service: str) -> str:
        return self.stack.compose("logs", "--no-log-prefix", service).stdout

    def generations(self, service: str) -> int:
        """How many the log tells of."""
        return self.log(service).count("devloop: generation ")

    def wait_for(self, service: str, text: str, times: int, seconds: float = 180) -> None:
        wait_until(lambda: self.log(service).count(text) >= times, seconds, f"{text!r} in the log of {service}")

    def edit(self, name: str, old: str, new: str) -> Path:
        file = self.stack.folder / name
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))
        return file

    def attach(self, service: str, breakpoints: dict[Path, list[int]]) -> Editor:
        """An editor on the host; comes back when the breakpoints hold in the running process."""
        port = self.stack.port({"api": "API_DEBUG_PORT", "pipeline": "PIPELINE_DEBUG_PORT"}[service])
        joined = self.log(service).count("a debugger is attached to")
        editor = Editor(timeout=60)
        mappings: dict[str, Json] = {"pathMappings": [{"localRoot": str(self.stack.folder), "remoteRoot": "/workspace"}]}
        editor.attach(port, breakpoints, mappings)
        self.wait_for(service, "a debugger is attached to", joined + 1)
        return editor


@pytest.fixture(scope="module")
def watched(make_stack: Callable[..., Stack]) -> Iterator[Watched]:
    stack = make_stack(1000)
    stack.run("bash", "scripts/stack.sh", "env")
    started = time.monotonic()
    up = json.loads(stack.devcontainer("up", timeout=300).stdout.strip().splitlines()[-1])
    assert up["outcome"] == "success"
    yield Watched(stack, started)
    stack.end()


def line_after(file: Path, text: str) -> int:
    """The line after the first one that contains this."""
    return next(number for number, line in enumerate(file.read_text().splitlines(), 1) if text in line) + 1


def ask(stack: Stack, path: str) -> tuple[threading.Thread, list[tuple[int, bytes]]]:
    answers: list[tuple[int, bytes]] = []
    thread = threading.Thread(target=lambda: answers.append(stack.get(path, timeout=60)), daemon=True)
    thread.start()
    return thread, answers


def test_a_breakpoint_on_the_host_survives_ten_edits_on_the_host(watched: Watched, measured: Callable[[str, str], None]) -> None:
    stack = watched.stack
    file = stack.folder / "app" / "health" / "routes.py"
    text = file.read_text()
    handler = text.index("async def", text.index('@router.get("/health",'))
    first = text.index('"""', text.index('"""', handler) + 3) + 4
    file.write_text(text[:first] + '    mark = "edit-0"\n    print(mark)\n' + text[first:])
    watched.wait_for("api", "devloop: generation ", 2)
    editor = watched.attach("api", {file: [line_after(file, 'mark = "edit-')]})
    for number in range(11):
        if number:
            before = watched.generations("api")
            watched.edit("app/health/routes.py", f'mark = "edit-{number - 1}"', f'mark = "edit-{number}"')
            watched.wait_for("api", "devloop: generation ", before + 1)
        thread, answers = ask(stack, "/health")
        stop = editor.wait_stopped()
        while stop.variables.get("mark") != f"'edit-{number}'":  # a health check that had come before
            editor.continue_()
            stop = editor.wait_stopped()
        if number == 0:
            measured("from devcontainer up to the first breakpoint", f"{time.monotonic() - watched.opened_at:.1f} s")
        assert stop.path == file
        editor.continue_()
        while thread.is_alive():  # health checks of the container stop here as well
            thread.join(0.3)
            if not editor.nothing_stopped():
                editor.wait_stopped()
                editor.continue_()
        assert answers[0][0] == 200
    editor.set_breakpoints({file: []})
    editor.detach()
    watched.wait_for("api", "the debugger has left", 1)
    assert stack.get("/health")[0] == 200


def test_a_breakpoint_in_a_step_of_a_load_that_the_pipeline_starts(watched: Watched) -> None:
    stack = watched.stack
    wait_until(lambda: stack.total() > 1000, 180, "data")
    file = stack.folder / "pipeline" / "load_once.py"
    editor = watched.attach("pipeline", {file: [line_after(file, 'log = get_logger("pipeline.load")')]})
    stack.execute("pipeline", "python", "-c", QUEUE_A_LOAD)
    stop = editor.wait_stopped()
    assert stop.path == file
    editor.continue_()
    editor.detach()
    watched.wait_for("pipeline", "the debugger has left", 1)


def test_broken_code_is_told_and_the_page_stays(watched: Watched) -> None:
    stack = watched.stack
    file = stack.folder / "app" / "web" / "routes.py"
    good = file.read_text()
    generations = watched.generations("api")
    file.write_text(f"{good}\nthis is no Python\n")
    watched.wait_for("api", "the last good code keeps working", 1)
    assert stack.get("/")[0] == 200
    file.write_text(good)
    watched.wait_for("api", "devloop: generation ", generations + 1)
    assert stack.get("/")[0] == 200


def test_nothing_of_the_loop_is_reachable_from_outside_the_host(watched: Watched) -> None:
    for service in ("api", "pipeline"):
        settings = watched.stack.inspect(service)["HostConfig"]["PortBindings"]
        assert isinstance(settings, dict)
        assert {binding["HostIp"] for bindings in settings.values() for binding in bindings} == {"127.0.0.1"}
