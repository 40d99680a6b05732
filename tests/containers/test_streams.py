"""WebSockets and server-sent events through the proxy. The API has none yet, so a small server stands in for it."""

from __future__ import annotations

import asyncio
import http.client
import json
import shutil
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.containers.production import Production, production_of
from tests.containers.stack import Stack, run, wait_until

#: How long the proxy lets streams go on after it was told to reload (worker_shutdown_timeout).
GOODBYE_SECONDS = 10


class WebSocket:
    """A client's connection and the loop it lives in.

    Not websockets' client with threads: that one reads and writes the same TLS connection at the same time, which OpenSSL does not allow.
    Now and then it heard no answer, or the whole process was aborted.
    """

    def __init__(self, address: str, trust: ssl.SSLContext) -> None:
        self._loop = asyncio.Runner()
        try:
            self._connection = self._loop.run(self._open(address, trust))
        except BaseException:
            self._loop.close()
            raise

    @staticmethod
    async def _open(address: str, trust: ssl.SSLContext) -> ClientConnection:
        return await connect(address, ssl=trust, open_timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, text: str) -> None:
        self._loop.run(self._connection.send(text))

    def recv(self) -> str:
        """The next text, within a minute."""
        return str(self._loop.run(asyncio.wait_for(self._connection.recv(), 60)))

    def said(self, text: str) -> str:
        """What the server answers."""
        self.send(text)
        return self.recv()

    def is_closed(self) -> bool:
        """Whether the other side has ended it."""
        try:
            self.said("still here?")
        except ConnectionClosed:
            return True
        return False

    def close(self) -> None:
        self._loop.run(self._connection.close())
        self._loop.close()


class Streams:
    """A proxy of ours, and two servers behind it that it knows by the name of the API."""

    def __init__(self, production: Production) -> None:
        self.production = production
        self.name = f"{production.project}-streams"
        self.image = f"{production.project}-runtime:local"
        self.servers = [f"{self.name}-{number}" for number in (1, 2)]
        self.proxy = f"{self.name}-proxy"

    def start(self) -> None:
        secrets = self.production.folder / "secrets"
        script = self.production.folder.parent / "streaming_server.py"
        shutil.copy(Path(__file__).with_name("streaming_server.py"), script)
        run(["docker", "network", "create", self.name])
        for name in self.servers:
            self.start_server(name, script)
        command = ["docker", "run", "--detach", "--name", self.proxy, "--network", self.name, "--read-only", "--tmpfs", "/tmp:mode=1777"]
        command += ["--publish", f"127.0.0.1:{self.production.https_port}:8443"]
        for secret in ("tls_certificate", "tls_key"):
            command += ["--volume", f"{secrets / secret}:/run/secrets/{secret}:ro"]
        run([*command, f"{self.production.project}-proxy:local"])
        wait_until(self.both_answer, 120, "the proxy and both servers")

    def start_server(self, name: str, script: Path) -> None:
        command = ["docker", "run", "--detach", "--init", "--name", name, "--hostname", name[-1], "--network", self.name]
        run([*command, "--network-alias", "api", "--volume", f"{script}:/s.py:ro", "--entrypoint", "python", self.image, "/s.py"])

    def both_answer(self) -> bool:
        """By turns, once the proxy knows both and has not met one of them before it listened."""
        try:
            answers = [self.production.ask("/x") for _ in self.servers * 2]
        except OSError:
            return False
        return {answer.document["server"] for answer in answers if answer.status == 200} == {"1", "2"}

    def end(self) -> None:
        run(["docker", "rm", "--force", self.proxy, *self.servers], check=False)
        run(["docker", "network", "rm", self.name], check=False)

    def websocket(self, path: str = "/ws") -> WebSocket:
        return WebSocket(f"wss://127.0.0.1:{self.production.https_port}{path}", self.production.trust)

    @contextmanager
    def events(self, path: str = "/events") -> Iterator[http.client.HTTPResponse]:
        connection = self.production.connect()
        connection.request("GET", path)
        try:
            yield connection.getresponse()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def streams(make_stack: Callable[..., Stack]) -> Iterator[Streams]:
    production = production_of(make_stack())
    production.configure()
    production.run("make", "secrets")
    production.compose("build", "--quiet", "migrate", "proxy", timeout=900)
    one = Streams(production)
    try:
        one.start()
        yield one
    finally:
        print(run(["docker", "logs", "--tail", "30", one.proxy], check=False))  # noqa: T201 - shown when a test failed
        one.end()
        production.end()


def test_a_websocket_goes_through(streams: Streams) -> None:
    with streams.websocket("/ws/drafts") as connection:
        assert [connection.said(text)[2:] for text in ("one", "two")] == ["one", "two"]


def test_nothing_else_is_upgraded(streams: Streams) -> None:
    for path in ("/api/v1/draft-picks", "/wsx"):
        with pytest.raises(InvalidStatus) as caught:
            streams.websocket(path)
        assert caught.value.response.status_code == 200, "an ordinary answer"
    for path in ("/ws", "/"):
        passed = streams.production.ask(path, {"Upgrade": "h2c", "Connection": "Upgrade"}).document["headers"]
        assert "upgrade" not in passed
        assert "connection" not in passed


def test_events_come_as_they_are_said(streams: Streams) -> None:
    """The next one is ten minutes off: a proxy that waited for more before it passes this one on would wait in vain."""
    with streams.events("/events/seldom") as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        assert answer.readline() == b"data: 0\n"
        assert answer.readline() == b"\n"


def test_a_reload_lets_streams_go_on_for_a_while_and_new_ones_begin(streams: Streams, measured: Callable[[str, str], None]) -> None:
    with streams.websocket() as connection, streams.events() as answer:
        assert connection.said("before")[2:] == "before"
        started = time.monotonic()
        run(["docker", "kill", "--signal", "HUP", streams.proxy])
        while time.monotonic() - started < GOODBYE_SECONDS / 2:
            assert connection.said("during")[2:] == "during"
            assert answer.readline().startswith(b"data: ")
            answer.readline()
        with streams.websocket() as another:
            assert another.said("new")[2:] == "new"
        wait_until(connection.is_closed, 12 * GOODBYE_SECONDS, "the WebSocket is closed")
        closed = time.monotonic() - started
        try:
            rest = answer.read()
        except http.client.IncompleteRead as cut:  # the proxy ends what it does not know the length of
            rest = cut.partial
    measured("streams: a WebSocket and events after a reload of the proxy: seconds they go on (10)", f"{closed:.1f}")
    assert rest == b"" or rest.endswith(b"\n\n"), "no event was cut in two"
    assert closed > GOODBYE_SECONDS - 2


def test_when_a_server_goes_its_websockets_are_told_and_come_back_to_the_other(streams: Streams) -> None:
    connections = [streams.websocket() for _ in range(8)]
    homes = [connection.said("x")[0] for connection in connections]
    assert set(homes) == {"1", "2"}
    run(["docker", "stop", streams.servers[0]])
    try:
        time.sleep(1.5)
        for connection, home in zip(connections, homes, strict=True):
            if home == "2":
                assert connection.said("still here")[0] == "2"
                connection.close()
                continue
            with pytest.raises(ConnectionClosed) as caught:
                connection.recv()
            assert caught.value.rcvd is not None
            assert caught.value.rcvd.code == 1001, "going away"
            connection.close()
            with streams.websocket() as another:
                assert another.said("back")[0] == "2"
    finally:
        run(["docker", "start", streams.servers[0]])


def test_who_asks_is_named_to_the_server(streams: Streams) -> None:
    passed = json.loads(streams.production.ask("/ws", {"X-Forwarded-For": "6.6.6.6"}).body)["headers"]
    assert passed["x-forwarded-proto"] == "https"
    assert "6.6.6.6" not in passed["x-forwarded-for"]
