"""A program that a debugged worker has started, when nobody is there for it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import debugpy  # noqa: T100 - only where it lies
import pytest

from tests.conftest import CHECKOUT

SERVER = Path(debugpy.__file__).parent / "_vendored" / "pydevd" / "pydevd.py"
OPTIONS = ["--client", "127.0.0.1", "--debug-mode", "debugpy-dap", "--multiprocess", "--skip-notify-stdin", "--json-dap-http"]


@pytest.mark.parametrize("said", [b"", b"Content-Length: 2\r\n\r\n{}"])
def test_a_program_whose_session_is_over_before_it_has_begun_runs(said: bytes, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("import threading\nthreading.Thread(target=print, args=('ran',)).start()\n")
    with socket.create_server(("127.0.0.1", 0)) as adapter:
        port = str(adapter.getsockname()[1])
        command = [sys.executable, str(SERVER), "--port", port, "--preimport", f"{CHECKOUT};devloop.debug.started", *OPTIONS]
        environment = {**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
        process = subprocess.Popen(
            [*command, "--file", str(program)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=tmp_path
        )
        with process:
            session, _ = adapter.accept()
            session.sendall(said)
            session.close()
            try:
                out, errors = process.communicate(timeout=60)
            finally:
                process.kill()
    assert (out, process.returncode) == ("ran\n", 0), errors
