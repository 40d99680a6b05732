"""Becoming part of a session does no harm to what a process does meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.support.loop import free_port

#: Starts a program in the moment in which debugpy makes its debugger, as another thread may; nobody answers where the session should be.
MEANWHILE = """
import subprocess, sys
import debugpy.server.api, pydevd
from devloop.debug.join import JoinAddress, join

make = pydevd.PyDB

def making(*arguments, **options):
    print(subprocess.run([sys.executable, "-m", "platform"], timeout=20, capture_output=True).returncode)
    return make(*arguments, **options)

pydevd.PyDB = making
print(join(JoinAddress("127.0.0.1", int(sys.argv[1]), 1), timeout=30))
"""


def test_a_program_that_is_started_while_the_debugger_is_made_is_let_run() -> None:
    environment = {**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    command = [sys.executable, "-c", MEANWHILE, str(free_port())]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=environment)
    assert ran.stdout.split() == ["0", "False"], ran.stderr
