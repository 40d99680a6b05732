"""Connections that clients keep open: they pass from one generation to the next, and no request on them is reset or handled by old code."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pytest

from tests.support.loop import Loop, ask, called
from tests.support.waiting import PATIENCE, until

pytestmark = [pytest.mark.slow]

MAIN = '''
import asyncio
import json
import os
import time
from pathlib import Path

MARK = "first"


async def app(scope, receive, send):
    """Say who responds, to which port of the client, and how much came."""
    if scope["type"] != "http":
        return
    path, end, size = scope["path"], Path(scope["query_string"].decode()), 0
    headers = [(b"content-type", b"text/plain"), (b"x-process", str(os.getpid()).encode())]
    if path == "/blocks":
        end.with_suffix(".begun").touch()
        while not end.exists():
            time.sleep(0.02)  # as a breakpoint does
    if path == "/streams":
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"begun\\n", "more_body": True})
        while not end.exists():
            await asyncio.sleep(0.02)
    more = path == "/uploads"
    if more and end.name:
        end.touch()
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    body = json.dumps({"mark": MARK, "port": scope["client"][1], "size": size, "state": sorted(scope.get("state", {}))}).encode()
    if path == "/downloads":
        body = b"x" * 20_000_000
    if path != "/streams":
        await send({"type": "http.response.start", "status": 200, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})
'''


@pytest.fixture(params=["httptools on uvloop", "h11 on asyncio"])
def served(request: pytest.FixtureRequest, project: Callable[..., Loop]) -> Loop:
    http, _, loop_kind = request.param.split()
    config = f'import uvicorn\nfrom app.main import app\nconfig = uvicorn.Config(app, http="{http}", loop="{loop_kind}")\n'
    loop = project({"project/app/main.py": MAIN, "project/app/served.py": config})
    loop.started("--grace", "600", target="app.served:config")
    return loop


def reload(loop: Loop, mark: str) -> None:
    """Edit, and wait until the new code responds on a new connection."""
    loop.write("app/main.py", MAIN.replace('"first"', f'"{mark}"'))
    until(lambda: f'"{mark}"' in loop.get("/").text, lambda: loop.log)


def port(connection: http.client.HTTPConnection) -> int:
    assert connection.sock is not None, "the connection was closed"
    number: int = connection.sock.getsockname()[1]
    return number


def response_on(connection: http.client.HTTPConnection) -> dict[str, object]:
    """Return the response to a request that was written to the socket."""
    assert connection.sock is not None
    response = http.client.HTTPResponse(connection.sock)
    response.begin()
    found: dict[str, object] = json.loads(response.read())
    return found


def test_an_idle_connection_is_served_by_each_generation(served: Loop) -> None:
    with served.connection() as connection, served.connection() as unused:
        unused.connect()  # as browsers do ahead of requests
        assert ask(connection, "/").json()["mark"] == "first"
        same, ahead = port(connection), port(unused)
        for mark in ("second", "third"):
            reload(served, mark)
            expected: dict[str, object] = {"mark": mark, "port": same, "size": 0, "state": []}
            assert ask(connection, "/").json() == expected
            until(lambda: [called(pid) for pid in served.forked()].count("devloop-worker") == 1, lambda: "the old process has not ended")
            assert ask(connection, "/").json() == expected
        assert ask(unused, "/").json() == {"mark": "third", "port": ahead, "size": 0, "state": []}


def test_connections_in_use_through_many_reloads(served: Loop) -> None:
    """Every response that was asked for after a generation had responded to any client is of that generation or a later one."""
    newest, wrong, count, ended = [1], list[object](), [0], threading.Event()

    def use(kept: http.client.HTTPConnection) -> None:
        while not ended.is_set():
            known = newest[0]
            try:
                generation = ask(kept, "/").generation
            except (OSError, http.client.HTTPException) as error:
                wrong.append(error)
                kept.close()
                continue
            if generation < known:
                wrong.append((generation, known))
            newest[0] = max(newest[0], generation)
            count[0] += 1
            time.sleep(0.002)

    with ExitStack() as stack, ThreadPoolExecutor(6) as executor:
        tasks = [executor.submit(use, stack.enter_context(served.connection())) for _ in range(6)]
        try:
            for number in range(12):
                reload(served, f"number {number}")
                time.sleep(0.3)
            until(lambda: count[0] > 500, lambda: f"{count[0]} responses\n{served.log}")
        finally:
            ended.set()
        for task in tasks:
            task.result(PATIENCE)
    assert not wrong
    assert newest[0] >= 13


def test_half_a_request_is_completed_by_the_next_generation(served: Loop) -> None:
    with served.connection() as connection:
        connection.connect()
        assert connection.sock is not None
        connection.sock.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-First: ")
        time.sleep(0.2)
        reload(served, "second")
        connection.sock.sendall(b"half\r\n\r\n")
        assert response_on(connection)["mark"] == "second"


def test_a_download_ends_in_the_old_process_and_its_connection_goes_on(served: Loop) -> None:
    end = served.root / "end"
    with served.connection() as connection:
        connection.request("GET", f"/streams?{end}")
        response = connection.getresponse()
        assert response.readline() == b"begun\n"
        same = port(connection)
        reload(served, "second")
        end.touch()
        assert json.loads(response.read())["mark"] == "first"
        assert ask(connection, "/").json() == {"mark": "second", "port": same, "size": 0, "state": []}


def test_an_upload_ends_in_the_process_that_has_begun_it(served: Loop) -> None:
    part, begun = b"x" * 100_000, served.root / "begun"
    with served.connection() as connection:
        connection.putrequest("POST", f"/uploads?{begun}")
        connection.putheader("Content-Length", str(3 * len(part)))
        connection.endheaders(part)
        until(begun.exists, lambda: served.log)
        reload(served, "second")
        connection.send(part)
        connection.send(part)
        response = connection.getresponse()
        assert json.loads(response.read()) | {"port": 0} == {"mark": "first", "port": 0, "size": 3 * len(part), "state": []}
        assert response.headers["connection"] == "close"
        connection.request("POST", "/uploads", body=part)  # on a new connection
        assert json.loads(connection.getresponse().read())["size"] == len(part)


def test_a_body_that_the_application_does_not_read(served: Loop) -> None:
    with served.connection() as connection:
        connection.request("POST", "/", body=b"x" * 10_000)
        assert json.loads(connection.getresponse().read())["mark"] == "first"
        same = port(connection)
        reload(served, "second")
        assert ask(connection, "/").json() == {"mark": "second", "port": same, "size": 0, "state": []}


CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKS = b"5;some=extension\r\nhello\r\n1A\r\n\r\n0\r\n\r\nin the middle of it\r\n0\r\n"


@pytest.mark.parametrize("parts", [[CHUNKS + b"\r\n"], [CHUNKS[:20], CHUNKS[20:33], CHUNKS[33:] + b"X-Trailer: a\r\n\r", b"\n"]], ids=len)
def test_a_body_in_chunks_that_the_application_does_not_read(served: Loop, parts: list[bytes]) -> None:
    with served.connection() as connection:
        connection.connect()
        assert connection.sock is not None
        connection.sock.sendall(CHUNKED + parts[0])
        assert response_on(connection)["mark"] == "first"
        for part in parts[1:]:
            time.sleep(0.1)
            connection.sock.sendall(part)
        assert ask(connection, "/").json()["mark"] == "first"
        connection.sock.sendall(CHUNKED + b"".join(parts))
        assert response_on(connection)["mark"] == "first"
        same = port(connection)
        reload(served, "second")
        assert ask(connection, "/").json() == {"mark": "second", "port": same, "size": 0, "state": []}


def test_a_client_that_reads_slowly_gets_its_download_first(served: Loop) -> None:
    """What the old process has still to write comes before anything that the new one writes."""
    with served.connection() as connection:
        connection.connect()
        assert connection.sock is not None
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        connection.request("GET", "/downloads")
        received = connection.sock.recv(65_536)
        reload(served, "second")
        connection.sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(0.2)
        while part := connection.sock.recv(1 << 20):
            received += part
            if part.endswith(b"}"):
                break
        _, download, body = received.split(b"\r\n\r\n")
        assert download.startswith(b"x" * 20_000_000 + b"HTTP/1.1 200 OK\r\n")
        expected: dict[str, object] = {"mark": "second", "port": port(connection), "size": 0, "state": []}
        assert json.loads(body) == expected
        with served.connection() as next_one:
            next_one.sock, connection.sock = connection.sock, None
            assert ask(next_one, "/").json() == expected


def test_a_download_that_takes_too_long_is_cut(project: Callable[..., Loop]) -> None:
    loop = project({"project/app/main.py": MAIN})
    loop.started("--grace", "2")
    with loop.connection() as connection:
        connection.connect()
        assert connection.sock is not None
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        connection.request("GET", "/downloads")
        response = connection.getresponse()
        old = int(response.headers["x-process"])
        reload(loop, "second")
        until(lambda: old not in loop.forked(), lambda: loop.log)
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)) as cut:
            response.read()
        if isinstance(cut.value, http.client.IncompleteRead):
            assert not cut.value.partial.strip(b"x")


def test_a_client_that_did_not_wait_for_responses_and_does_now(served: Loop) -> None:
    with served.connection() as connection:
        connection.connect()
        assert connection.sock is not None
        get = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        connection.sock.sendall(get + b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody" + get)
        responses = b""
        while responses.count(b"}") < 3 and (part := connection.sock.recv(65_536)):
            responses += part
        same = port(connection)
        reload(served, "second")
        assert ask(connection, "/").json() == {"mark": "second", "port": same, "size": 0, "state": []}


def test_a_client_that_does_not_wait_for_responses(served: Loop) -> None:
    end = served.root / "end"
    with served.connection() as connection:
        connection.connect()
        assert connection.sock is not None
        connection.sock.sendall(f"GET /streams?{end} HTTP/1.1\r\nHost: a\r\n\r\nGET /streams?/ HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        responses = b""
        while b"begun" not in responses and (part := connection.sock.recv(65_536)):
            responses += part
        reload(served, "second")
        end.touch()
        responses += connection.sock.makefile("rb").read()  # until the old process closes it: it does not wait for the new one
    assert responses.count(b'"mark"') == responses.count(b'"mark": "first"') >= 1


def test_a_process_that_was_paused_does_not_handle_what_came_meanwhile(served: Loop) -> None:
    """As at a breakpoint: when it goes on, it finds the request and the order to stop at the same time."""
    end = served.root / "end"
    with served.connection() as paused, ExitStack() as stack:
        kept = [stack.enter_context(served.connection()) for _ in range(5)]
        for connection in kept:
            ask(connection, "/")
        paused.request("GET", f"/blocks?{end}")
        until(end.with_suffix(".begun").exists, lambda: served.log)
        reload(served, "second")
        for connection in kept:
            connection.request("POST", "/uploads", body=b"body")
        end.touch()
        for connection in kept:
            found = json.loads(connection.getresponse().read())
            assert (found["mark"], found["size"]) == ("second", 4)
        assert json.loads(paused.getresponse().read())["mark"] == "first"


def test_the_old_process_ends_at_once(served: Loop) -> None:
    with served.connection() as connection:
        old = int(ask(connection, "/").headers["x-process"])
        reload(served, "second")
        until(lambda: old not in served.forked(), lambda: served.log)  # and not after the time that --grace gives it


def test_where_the_old_process_ends_first_and_the_new_code_is_broken(project: Callable[..., Loop]) -> None:
    loop = project({"project/app/main.py": MAIN})
    loop.started("--stop-first")
    with loop.connection() as first, loop.connection() as second:
        assert ask(first, "/").json()["mark"] == ask(second, "/").json()["mark"] == "first"
        same = port(second)
        loop.write("app/main.py", "import missing\n")
        until(lambda: loop.get("/").status == 500, lambda: loop.log)
        assert ask(first, "/").status == 500
        reload(loop, "second")
        assert ask(second, "/").json() == {"mark": "second", "port": same, "size": 0, "state": []}


DIRECT = """

class Direct(HttpToolsProtocol):
    def _start_asgi_task(self, cycle, app):
        if cycle.scope["path"] != "/direct":
            super()._start_asgi_task(cycle, app)
            return
        self.transport.write(b"HTTP/1.1 200 OK\\r\\ncontent-length: 6\\r\\n\\r\\ndirect")
        cycle.response_started = cycle.response_complete = True
        cycle.on_response()


config = uvicorn.Config(app, http=Direct)
"""


def test_a_protocol_that_responds_by_itself(project: Callable[..., Loop]) -> None:
    """What it has responded to is not sent to the next process as if it were still to be handled."""
    direct = f"import uvicorn\nfrom uvicorn.protocols.http.httptools_impl import HttpToolsProtocol\n{MAIN}{DIRECT}"
    loop = project({"project/app/main.py": direct})
    loop.started(target="app.main:config")
    with loop.connection() as connection:
        for mark in ("second", "third"):
            for _ in range(3):
                assert ask(connection, "/direct").text == "direct"
            same = port(connection)
            loop.write("app/main.py", direct.replace('"first"', f'"{mark}"'))
            until(lambda mark=mark: f'"{mark}"' in loop.get("/").text, lambda: loop.log)  # type: ignore[misc]
            for _ in range(2):
                assert ask(connection, "/").json() == {"mark": mark, "port": same, "size": 0, "state": []}
