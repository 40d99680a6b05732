"""A process that becomes part of a session, or fails to, starts its programs as ever."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

from tests.support.waiting import free_port

#: Both ways to start a process, as a thread may that knows nothing of the debugger: a program, and a fork.
START = """
import os, subprocess, sys, time
import debugpy, debugpy.server.api, pydevd
from devloop.debug.join import JoinAddress, join

address = JoinAddress("127.0.0.1", int(sys.argv[1]), 1)

def start(when):
    program = subprocess.run([sys.executable, "-m", "platform"], timeout=20, capture_output=True, text=True)
    try:
        child = os.fork()
    except BaseException:
        os._exit(1)
    if not child:
        os._exit(0)
    print(when, program.stderr or "ran", os.waitpid(child, 0)[1])
"""

#: The moment in which debugpy makes its debugger; then nobody answers where the session should be.
WHILE_IT_IS_MADE = """
make = pydevd.PyDB

def making(*arguments, **options):
    start("made")
    return make(*arguments, **options)

pydevd.PyDB = making
print(join(address, timeout=30))
start("failed")
"""

#: Somebody answers, but no editor comes; then whoever it was goes away.
WHILE_NOBODY_ANSWERS = """
import socket, threading

print(join(address, timeout=1))
start("unanswered")
print("now", flush=True)
deadline = time.monotonic() + 20
while debugpy.server.api.get_global_debugger() is not None and time.monotonic() < deadline:
    time.sleep(0.01)
start("left")
"""

ENVIRONMENT = {**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


def test_while_the_debugger_is_made_and_when_that_has_failed() -> None:
    command = [sys.executable, "-c", START + WHILE_IT_IS_MADE, str(free_port())]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=ENVIRONMENT)
    assert ran.stdout.splitlines() == ["made ran 0", "False", "failed ran 0"], ran.stderr


def test_while_no_editor_answers_and_when_the_session_is_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, "-c", START + WHILE_NOBODY_ANSWERS, str(listener.getsockname()[1])]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
        assert process.stdout
        with process:
            session, _ = listener.accept()
            said: list[str] = []
            while not said or said[-1] not in ("now", ""):
                said.append(process.stdout.readline().strip())
            session.close()
            out, errors = process.communicate(timeout=60)
    assert [*said, *out.splitlines()] == ["False", "unanswered ran 0", "now", "left ran 0"], errors
