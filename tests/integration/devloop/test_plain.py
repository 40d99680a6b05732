"""The plain reload of systems other than Linux, forced by ``--plain``."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.devloop.test_trust import SERVER
from tests.support.loop import Loop
from tests.support.waiting import PATIENCE, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("devloop plain")]

CODE = f"import os\nfrom app import word\nsays = lambda: word.WORD + os.environ.get('MORE', '')\n{SERVER}"


def says(loop: Loop) -> str | None:
    """What it answers; None for a connection accepted and not yet read when the process ended, which a plain reload cannot help."""
    try:
        return loop.get().text
    except ConnectionResetError:
        return None


def test_an_edit_restarts_the_process_and_no_connection_is_refused(project: Callable[..., Loop]) -> None:
    loop = project({"project/app/main.py": CODE, "project/app/word.py": "WORD = 'one'", "project/more.env": "MORE=!"})
    loop.start("--plain", "--env-file", "more.env", "--debug-port", "1")
    until(lambda: says(loop) == "one!", lambda: loop.log)
    assert f"devloop: running on http://127.0.0.1:{loop.port} with a plain reload (--plain): every edit restarts the process" in loop.log
    assert "devloop: --debug-port has no effect with a plain reload\n" in loop.log
    failures: list[BaseException] = []
    over = threading.Event()

    def ask_on() -> None:
        while not over.is_set():
            try:
                says(loop)
            except OSError as error:
                failures.append(error)

    client = threading.Thread(target=ask_on)
    client.start()
    loop.write("app/word.py", "WORD = 'two'")
    until(lambda: says(loop) == "two!", lambda: loop.log)
    over.set()
    client.join()
    assert failures == []
    assert "devloop: restarting: app/word.py\n" in loop.log
    assert "Traceback" not in loop.log


def test_broken_code_waits_for_the_next_edit_and_settings_restart(project: Callable[..., Loop]) -> None:
    loop = project({"project/app/main.py": CODE, "project/app/word.py": "WORD =", "project/more.env": "MORE=!"})
    loop.start("--plain", "--env-file", "more.env")
    loop.wait_for_log("SyntaxError")
    loop.write("app/word.py", "WORD = 'two'")
    until(lambda: says(loop) == "two!", lambda: loop.log)
    loop.write("more.env", "MORE=?")
    until(lambda: says(loop) == "two?", lambda: loop.log)
    loop.end()
    loop.assert_nobody_is_left()


ENDS_SLOWLY = """
import asyncio
from pathlib import Path

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        print("has started", flush=True)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        print("ends slowly", flush=True)
        while not Path("../end").exists():
            await asyncio.sleep(0.01)
        await send({"type": "lifespan.shutdown.complete"})
"""


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_is_stopped_in_order_while_an_edit_ends_the_process(project: Callable[..., Loop], stop: signal.Signals) -> None:
    loop = project({"project/app/main.py": ENDS_SLOWLY})
    loop.start("--plain")
    loop.wait_for_log("has started")
    loop.write("app/main.py", f"{ENDS_SLOWLY}\n")
    loop.wait_for_log("ends slowly")
    loop.send_received(stop)
    (loop.root.parent / "end").touch()
    assert loop.wait() == 0
    assert "Traceback" not in loop.log
    loop.assert_nobody_is_left()


def test_the_process_has_the_terminal_for_breakpoint(tmp_path: Path) -> None:
    (tmp_path / "work.py").write_text("def run():\n    breakpoint()\n    print('went on', flush=True)\n")
    command = [sys.executable, "-m", "devloop", "run", "work:run", "--plain"]
    with subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("p 6 * 7\nc\n")
        process.stdin.flush()
        said: list[str] = []
        limit = threading.Timer(PATIENCE, process.terminate)
        limit.start()
        while "(Pdb) went on" not in "".join(said) and (line := process.stdout.readline()):
            said.append(line)
        limit.cancel()
        process.terminate()
    assert "(Pdb) 42\n" in "".join(said)


def test_a_function_gets_sigterm_at_an_edit(project: Callable[..., Loop]) -> None:
    source = (
        "import signal, sys, time\ndef run():\n    signal.signal(signal.SIGTERM, lambda *_: sys.exit('{0} ends'))\n"
        "    print('work {0}', flush=True)\n    time.sleep(600)\n"
    )
    loop = project({"project/jobs/__init__.py": "", "project/jobs/main.py": source.format("one")})
    loop.start("--plain", kind="run", target="jobs.main:run")
    loop.wait_for_log("work one")
    loop.write("jobs/main.py", source.format("two"))
    loop.wait_for_log("work two")
    assert loop.log.index("one ends") < loop.log.index("work two")
