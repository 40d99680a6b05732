"""A taken port: which program has it, and what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cli.serve.port import PortTaken, listen, url
from tests.conftest import CHECKOUT

LISTEN = "import socket, sys; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); sys.stdin.read()"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_second_start_says_where_this_checkout_runs(tmp_path: Path, elsewhere: bool) -> None:
    command = [sys.executable, "-c", LISTEN, ".venv/bin/dq", "serve"]
    with subprocess.Popen(
        command, cwd=tmp_path if elsewhere else CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        port = int(holder.stdout.readline())
        with pytest.raises(PortTaken) as refused:
            listen("127.0.0.1", port)
        holder.communicate()
    if elsewhere:
        assert refused.value.message.startswith(f"Port {port} is taken by python")
    else:
        assert refused.value.message == f"This checkout is already running at http://127.0.0.1:{port}/ (process {holder.pid})."
        assert str(refused.value.cure).startswith(
            f"Stop it with Ctrl-C in its terminal or `kill {holder.pid}`, or choose another port: make"
        )


def test_a_url_for_every_address_is_that_of_this_machine() -> None:
    assert [url(host, 80) for host in ("0.0.0.0", "::", "::1", "localhost")] == [  # noqa: S104 - shown, not bound
        "http://127.0.0.1:80", "http://[::1]:80", "http://[::1]:80", "http://localhost:80",
    ]  # fmt: skip
