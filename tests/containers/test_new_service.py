"""`make service` in a checkout whose development stack then starts: the new service responds, reloads and stops at breakpoints."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

from scripts.new_service import FIRST_DEBUG_PORT, FIRST_PORT
from tests.containers.stack import Stack, run, wait_until
from tests.support.dap import Editor
from tests.support.dap.wire import Json
from tests.support.guide import SERVICE, add_service
from tools.compose_variables import PORT_STEP


def test_the_new_service_responds_reloads_and_is_debugged(another: Stack) -> None:
    add_service(another.folder)
    another.make("up-d")
    wait_until(lambda: another.healthy(SERVICE), 180, "the new service")
    moved = PORT_STEP * (another.instance - 1)

    def get() -> dict[str, int]:
        document: dict[str, int] = json.loads(run(["curl", "-sf", f"http://127.0.0.1:{FIRST_PORT + moved}/"]).stdout)
        return document

    def log() -> str:
        return another.compose("logs", "--no-log-prefix", SERVICE).stdout

    assert get()["draft_picks"] >= 0
    code = another.folder / "app" / SERVICE / "main.py"
    code.write_text(code.read_text(encoding="utf-8").replace('"draft_picks":', '"picks":'), encoding="utf-8")
    wait_until(lambda: "picks" in get(), 30, "the edit")

    line = next(number for number, text in enumerate(code.read_text(encoding="utf-8").splitlines(), 1) if '"picks":' in text)
    editor = Editor()
    mappings: dict[str, Json] = {"pathMappings": [{"localRoot": str(another.folder), "remoteRoot": "/workspace"}]}
    editor.attach(FIRST_DEBUG_PORT + moved, {code: [line]}, mappings)
    wait_until(lambda: "a debugger is attached to" in log(), 60, "the debugger")
    with ThreadPoolExecutor(1) as executor:
        asked = executor.submit(get)
        stop = editor.wait_stopped()
        assert (stop.path, stop.line) == (code, line)
        editor.continue_()
        assert "picks" in asked.result(60)
    editor.detach()

    tests = [f"tests/unit/test_{name}.py" for name in ("container_files", "production_files", "settings")]
    another.execute("api", "pytest", "-q", "-p", "no:xdist", *tests)
