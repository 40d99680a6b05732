"""``breakpoint()`` in an application that the loop runs: on a terminal, without one, and through edits."""

from __future__ import annotations

import http.client
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.integration.devloop.test_trust import says
from tests.support.dap.editor import Editor
from tests.support.loop import Answer, Loop
from tests.support.terminal import Terminal
from tests.support.waiting import PATIENCE, free_port, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("devloop prompt")]

#: Does not begin to respond before it has the whole body.
LATE = """
import asyncio

async def app(scope, receive, send):
    if scope["type"] == "http":
        body = says().encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})
"""
STOPS = f"WORD = 'one'\ndef says():\n    breakpoint()\n    return WORD\n{LATE}"
IN_A_THREAD = STOPS.replace("says().", "(await asyncio.to_thread(says)).")
OTHER_DEBUGGER = "def ask():\n    print('got', input('(Mine) '))\n"


class Request(threading.Thread):
    """One that waits for whoever is at the prompt."""

    def __init__(self, loop: Loop) -> None:
        super().__init__(daemon=True)
        self._loop, self._answer = loop, list[Answer]()
        self.start()

    def run(self) -> None:
        with suppress(OSError, http.client.HTTPException):  # its process was killed
            self._answer.append(self._loop.get("/"))

    @property
    def answer(self) -> Answer | None:
        self.join(PATIENCE)
        return self._answer[0] if self._answer else None


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def start(project: Callable[..., Loop]) -> Iterator[Callable[..., tuple[Loop, Terminal]]]:
    terminals: list[Terminal] = []

    def new(
        files: dict[str, str], *options: str, kind: str = "asgi", target: str = "app.main:app", **environment: str
    ) -> tuple[Loop, Terminal]:
        loop = project(files, TERM="dumb", **environment)
        terminal = Terminal(loop.log_file)
        loop.terminal = terminal.theirs
        terminals.append(terminal)
        loop.start(*options, kind=kind, target=target)
        loop.wait_for_log(" started\n")  # maybe after the first prompt of a worker
        return loop, terminal

    yield new
    for terminal in terminals:
        terminal.close()


@contextmanager
def stopped(loop: Loop, terminal: Terminal, prompt: str = "(Pdb) ") -> Iterator[Request]:
    request = Request(loop)
    terminal.shows(prompt)
    yield request


def text(request: Request, loop: Loop) -> str:
    assert request.answer is not None, loop.log
    assert request.answer.status == 200, loop.log
    return request.answer.text


def test_the_prompt_is_on_the_terminal_and_reloads_go_on(start: Callable[..., tuple[Loop, Terminal]]) -> None:
    loop, terminal = start({"project/app/main.py": STOPS})
    for word, new in (("one", "two"), ("two", "three")):
        with stopped(loop, terminal) as request:
            terminal.type("p 1 + 1\n")
            terminal.shows("\n2\n")
            terminal.type("p WORD\n")
            terminal.shows(f"\n'{word}'\n")
            terminal.type("n\n")
            terminal.shows("(Pdb) ")
            terminal.type("c\n")
            assert text(request, loop) == word
        loop.settle()
        loop.edit("app/main.py", f"'{word}'", f"'{new}'")
        terminal.shows("ms: app/main.py\n")
    assert terminal.restored


@pytest.mark.parametrize("source", [STOPS, IN_A_THREAD], ids=["in the event loop", "in a thread"])
def test_an_edit_at_the_prompt_is_the_next_generation(start: Callable[..., tuple[Loop, Terminal]], source: str) -> None:
    loop, terminal = start({"project/app/main.py": source})
    with stopped(loop, terminal) as request:
        loop.edit("app/main.py", "'one'", "'two'")
        if source is STOPS:
            terminal.shows("--the debugger leaves: this process is replaced or stopped--\n")
            assert text(request, loop) == "one"
        else:
            terminal.shows("was at a debugger's prompt and was killed")
    until(lambda: terminal.restored, lambda: "the modes of the terminal are others")
    with stopped(loop, terminal) as request:
        terminal.type("c\n")
        assert text(request, loop) == "two"


@pytest.mark.parametrize("source", [STOPS, IN_A_THREAD], ids=["in the event loop", "in a thread"])
def test_ctrl_c_at_the_prompt_ends_the_loop(start: Callable[..., tuple[Loop, Terminal]], source: str) -> None:
    loop, terminal = start({"project/app/main.py": source})
    with stopped(loop, terminal):
        terminal.type("\x03")
        assert loop.wait() == 0
    assert terminal.restored


def test_ctrl_d_ends_the_request_alone(start: Callable[..., tuple[Loop, Terminal]]) -> None:
    loop, terminal = start({"project/app/main.py": STOPS})
    with stopped(loop, terminal) as request:
        terminal.type("\x04")
        assert request.answer is not None
        assert request.answer.status == 500
    with stopped(loop, terminal) as request:
        terminal.type("c\n")
        assert text(request, loop) == "one"


def test_one_process_at_a_time_has_the_terminal(start: Callable[..., tuple[Loop, Terminal]]) -> None:
    """The module stops at its import, in the new process, while the old one is at its prompt in a request."""
    loop, terminal = start({"project/app/main.py": STOPS})
    with stopped(loop, terminal) as request:
        loop.write("app/main.py", f"breakpoint()\n{STOPS}")
        terminal.shows("another process is at its prompt; this one waits for the terminal\n")
        terminal.type("c\n")
        assert text(request, loop) == "one"
        terminal.shows("(Pdb) ")
        terminal.type("p 2 + 3\nc\n")
        terminal.shows("ms: app/main.py\n")
    assert "\n5\n" in loop.log


def test_another_debugger_and_none(start: Callable[..., tuple[Loop, Terminal]]) -> None:
    files = {"project/app/main.py": STOPS, "packages/mine.py": OTHER_DEBUGGER}
    loop, terminal = start(files, PYTHONPATH="../packages", PYTHONBREAKPOINT="mine.ask")
    with stopped(loop, terminal, "(Mine) ") as request:
        terminal.type("it\n")
        terminal.shows("\ngot it\n")
        assert text(request, loop) == "one"
    loop.send(signal.SIGTERM)
    assert loop.wait() == 0
    loop.environment["PYTHONBREAKPOINT"] = "0"
    loop.start()
    says(loop, "one")
    assert "(Pdb)" not in loop.log


def test_a_worker_at_the_prompt_ends_in_order(start: Callable[..., tuple[Loop, Terminal]]) -> None:
    source = """
import signal, sys, time

def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(print("ends in order")))
    time.sleep(1)
    breakpoint()
    time.sleep(60)
"""
    loop, terminal = start({"project/app/main.py": source}, "--grace", "60", kind="worker", target="app.main:main")
    terminal.shows("(Pdb) ")
    loop.edit("app/main.py", "sleep(60)", "sleep(61)")
    terminal.shows("--the debugger leaves: this process is replaced or stopped--\n")
    terminal.shows("ends in order")
    terminal.shows("(Pdb) ")
    terminal.type("w\x03")
    assert loop.wait() == 0
    terminal.shows("ends in order")


def test_without_a_terminal_it_is_passed_over(project: Callable[..., Loop]) -> None:
    loop = project({"project/app/main.py": STOPS})
    loop.start("--debug-port", "0")
    says(loop, "one")
    says(loop, "one")
    place = "devloop: breakpoint() in app/main.py:3 was passed over, because standard input is not a terminal; to stop there, "
    loop.wait_for_log(place + "start it in a terminal, or run `python -m devloop.lend` in one\n")
    assert loop.log.count("was passed over") == 1
    assert "BdbQuit" not in loop.log


def test_a_module_that_stops_at_its_import_is_not_imported_ahead(start: Callable[..., tuple[Loop, Terminal]]) -> None:
    """Nobody would know which code the prompt is about; and each edit stops once."""
    main = "from app import stops\nsays = lambda: stops.WORD\n" + LATE
    files = {"project/app/stops.py": "WORD = 'one'\n", "project/app/main.py": main}
    loop, terminal = start(files)
    loop.settle()
    loop.edit("app/stops.py", "WORD", "breakpoint()\nWORD")
    terminal.shows("(Pdb) ")
    terminal.type("c\n")
    terminal.shows("ms: app/stops.py\n")
    loop.edit("app/main.py", "stops.WORD", "stops.WORD + '!'")
    terminal.shows("(Pdb) ")
    terminal.type("c\n")
    terminal.shows("ms: app/main.py\n")
    # said when the import is first tried ahead, which may be after the first edit already
    said = "app.stops calls breakpoint() when it is imported, so it is not imported ahead of an edit\n"
    until(lambda: said in loop.log, lambda: loop.log)
    assert loop.get("/").text == "one!"


def test_an_attached_editor_has_it_instead(start: Callable[..., tuple[Loop, Terminal]]) -> None:
    port = free_port()
    loop, terminal = start({"project/app/main.py": STOPS}, "--debug-port", str(port))
    editor, file = Editor(), loop.root / "app" / "main.py"
    until(lambda: is_open(port), lambda: loop.log)
    editor.attach(port, {file: [1]})
    terminal.shows("a debugger is attached to generation 1")
    for word, new in (("one", "two"), ("two", "three")):
        request = Request(loop)
        stop = editor.wait_stopped()
        assert (stop.path, stop.line) == (file, 4)
        editor.continue_()
        assert text(request, loop) == word
        loop.edit("app/main.py", f"'{word}'", f"'{new}'")
        assert editor.wait_stopped().line == 1
        editor.continue_()
        terminal.shows("ms: app/main.py\n")
    assert "(Pdb)" not in loop.log
    editor.detach()
    terminal.shows("ms: the debugger has left\n")
    with stopped(loop, terminal) as request:
        terminal.type("c\n")
        assert text(request, loop) == "three"
