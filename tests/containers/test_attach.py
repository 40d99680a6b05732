"""``breakpoint()`` in the stack's API, on a terminal that `make attach` lends it."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

from tests.containers.stack import Stack, wait_until
from tests.support.terminal import Terminal, log_in

LINE = "    return Alive()"


def test_breakpoint_stops_in_an_attached_terminal(stack: Stack, tmp_path: Path) -> None:
    assert stack.ready()
    routes = stack.folder / "app" / "health" / "routes.py"
    good = routes.read_text()

    def logs() -> str:
        return stack.compose("logs", "--no-log-prefix", "api").stdout

    routes.write_text(good.replace(LINE, f"    breakpoint()\n{LINE}"))
    wait_until(lambda: "ms: app/health/routes.py" in logs(), 60, "the new code")
    assert stack.get("/health")[0] == 200
    assert "breakpoint() in app/health/routes.py" in logs()
    terminal = Terminal(tmp_path / "terminal.log")
    environment = {name: os.environ[name] for name in ("PATH",)} | {"HOME": str(stack.home), "TERM": "dumb"}
    attached = subprocess.Popen(
        ["docker", "compose", "exec", "api", "python", "-m", "devloop.lend"],
        cwd=stack.folder,
        env=environment,
        stdin=terminal.theirs,
        stdout=terminal.theirs,
        stderr=terminal.theirs,
        start_new_session=True,
        preexec_fn=log_in,
    )
    try:
        terminal.shows("breakpoint() stops in this terminal")
        answers: list[int] = []
        request = threading.Thread(target=lambda: answers.append(stack.get("/health")[0]), daemon=True)
        request.start()
        terminal.shows("(Pdb) ")
        terminal.type("p Alive().model_dump()\n")
        terminal.shows("{'status': 'ok'}")
        terminal.type("n\n")
        terminal.shows("(Pdb) ")
        terminal.type("c\n")
        request.join(30)
        assert answers == [200]
        terminal.type("\x03")
        assert attached.wait(30) == 0
    finally:
        attached.kill()
        attached.wait()
        terminal.close()
        routes.write_text(good)
    wait_until(lambda: stack.get("/health")[0] == 200, 60, "a response")
    assert "BdbQuit" not in logs()
