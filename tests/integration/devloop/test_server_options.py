"""uvicorn's options in a running loop: Unix sockets, TLS, a path before every other, headers; and the table in pyproject.toml."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

from tests.support.loop import Answer, Loop, answer_on
from tests.support.waiting import PATIENCE, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("devloop server options")]

MAIN = """
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    text = f"<p>{MARK} under {scope['root_path']!r} by {scope['scheme']}</p>".encode()
    headers = [(b"content-type", b"text/html"), (b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": text})
"""


def main(mark: str) -> dict[str, str]:
    return {"project/app/main.py": f"MARK = {mark!r}\n{MAIN}"}


class Get(Protocol):
    """Ask on a connection of its own."""

    def __call__(self, path: str = "/") -> Answer: ...


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(str(self._path))


def asking(connect: Callable[[], http.client.HTTPConnection]) -> Get:
    def get(path: str = "/") -> Answer:
        connection = connect()
        connection.request("GET", path, headers={"Accept": "text/html"})
        try:
            return answer_on(connection)
        finally:
            connection.close()

    return get


def edit(loop: Loop, mark: str) -> None:
    loop.write("app/main.py", main(mark)["project/app/main.py"])


def two_edits_arrive(loop: Loop, get: Get) -> None:
    """Two edits, each of which is answered by new code."""
    edit(loop, "two")
    until(lambda: "two" in get().text, lambda: loop.log)
    edit(loop, "three")
    until(lambda: "three" in get().text, lambda: loop.log)


def test_a_unix_socket_is_listened_on_through_edits(project: Callable[..., Loop], tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    loop = project(main("one"))
    with socket.socket(socket.AF_UNIX) as stale:  # left behind by a program that was killed
        stale.bind(str(path))
    loop.start("--uds", str(path), kind="")
    loop.wait_for_log(" started\n")
    get = asking(lambda: UnixConnection(path))
    assert f"devloop: running on unix socket {path} (press Ctrl-C to quit)\n" in loop.log
    assert "one under '' by http" in get().text
    two_edits_arrive(loop, get)
    second = Loop(loop.root)
    second.start("--uds", str(path), kind="")
    assert second.wait() == 2
    assert f"devloop: cannot listen on {path} (Address already in use): choose another --uds." in second.log
    loop.end()
    assert not path.exists()


def test_code_that_is_broken_at_the_first_start_says_so_on_a_unix_socket(project: Callable[..., Loop], tmp_path: Path) -> None:
    loop = project({"project/app/main.py": "app ="})
    loop.start("--uds", str(tmp_path / "s"), "--root-path", "/api", kind="")
    loop.wait_for_log("requests get the error")
    page = asking(lambda: UnixConnection(tmp_path / "s"))()
    assert page.status == 500
    assert "SyntaxError" in page.text
    assert 'src="/api/__devloop__/refresh.js?' in page.text


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


def test_tls_works_through_edits_and_for_the_page_with_the_error(project: Callable[..., Loop], certificate: tuple[Path, Path]) -> None:
    loop = project({"project/app/main.py": "app ="})
    loop.start("--ssl-certfile", str(certificate[0]), "--ssl-keyfile", str(certificate[1]), kind="")
    loop.wait_for_log("requests get the error")
    trusting = ssl.create_default_context(cafile=certificate[0])
    trusting.check_hostname = False
    get = asking(lambda: http.client.HTTPSConnection("127.0.0.1", loop.port, timeout=PATIENCE, context=trusting))
    assert f"devloop: running on https://127.0.0.1:{loop.port} (press" in loop.log
    page = get()
    assert page.status == 500
    assert "SyntaxError" in page.text
    two_edits_arrive(loop, get)
    assert "by https" in get().text
    assert "EventSource" in get("/__devloop__/refresh.js").text


def test_a_certificate_that_cannot_be_used_is_said_at_the_start(project: Callable[..., Loop]) -> None:
    loop = project(main("one"))
    loop.start("--ssl-certfile", "app/main.py", kind="")
    assert loop.wait() == 2
    assert re.fullmatch(
        r"devloop: --ssl-certfile or --ssl-keyfile cannot be used \(.+\)\. If the private key .+ --ssl-keyfile\.\n", loop.log
    )


def test_pages_refresh_below_a_root_path(project: Callable[..., Loop]) -> None:
    loop = project(main("one"))
    loop.start("--root-path", "/api", "--header", "x-team: ours", "--no-server-header", "--log-level", "info")
    loop.wait_for_log(" started\n")
    page = asking(lambda: http.client.HTTPConnection("127.0.0.1", loop.port, timeout=PATIENCE))()
    assert "one under '/api'" in page.text
    assert 'src="/api/__devloop__/refresh.js?' in page.text
    assert page.headers["x-team"] == "ours"
    assert "server" not in page.headers
    assert "EventSource" in loop.get("/__devloop__/refresh.js").text  # a proxy removes /api before it passes a request on
    with loop.events() as event:
        assert event()[0] == "hello"
        edit(loop, "two")
        assert event()[0] == "end"
    assert "INFO:     Application startup complete." in loop.log  # --log-level info
    assert "__devloop__" not in loop.log


def test_the_table_in_pyproject_says_what_to_run(project: Callable[..., Loop]) -> None:
    loop = project({**main("one"), "project/pyproject.toml": '[tool.devloop]\ntarget = "app.main:app"\nroot-path = "/api"\n'})
    loop.start(kind="", target="")
    loop.wait_for_log(" started\n")
    assert "one under '/api'" in asking(lambda: http.client.HTTPConnection("127.0.0.1", loop.port))().text


def test_a_function_is_run_and_replaced(project: Callable[..., Loop]) -> None:
    source = "import time\ndef run():\n    print('work {}', flush=True)\n    time.sleep(600)\n"
    loop = project({"project/jobs/__init__.py": "", "project/jobs/main.py": source.format("one")})
    loop.start(kind="run", target="jobs.main:run")
    loop.wait_for_log("work one")
    assert "devloop: running jobs.main:run (press Ctrl-C to quit)\ndevloop: watching jobs, app; preloading " in loop.log
    loop.wait_for_log(" started\n")
    loop.write("jobs/main.py", source.format("two"))
    loop.wait_for_log("work two")
