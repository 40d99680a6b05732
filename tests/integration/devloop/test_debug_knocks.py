"""Everybody else who connects to the debug port: none of them starts, disturbs or ends anything."""

from __future__ import annotations

import socket
import struct
from pathlib import Path

import pytest

from devloop.debug.dap import encode
from tests.support.debugged.process import Supervised
from tests.support.debugged.scenario import DOUBLED, LABEL, OURS, attach, detach, stop_and_go_on
from tests.support.waiting import PATIENCE

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("debug")]


def knock(port: int, data: bytes = b"") -> bytes:
    """Connects, says something, and reads until the other side closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(data)
        if not data:
            return b""
        answer = b""
        try:
            while piece := connection.recv(4096):
                answer += piece
        except ConnectionResetError:
            pass
        return answer


def reset(port: int) -> None:
    """Connects and ends the connection in the rudest way."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


GARBAGE = [
    b"\0" * 10,
    b"SSH-2.0-OpenSSH_9.6\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)) * 2,  # TLS
    b"Content-Length: 99999999999\r\n\r\n",
    b"Content-Length: -1\r\n\r\n{}",
    b"X: " + b"a" * 8192,
    b"Content-Length: 2\r\n\r\n[]",
    b"Content-Length: 2\r\n\r\n{}",
    encode({"seq": 1, "type": "request", "command": "disconnect", "arguments": {"restart": False}}),
    encode({"seq": 1, "type": "request", "command": "initialize"}),
    encode({"seq": 1, "type": "event", "event": "initialize", "command": "initialize", "arguments": {"a": 1}}),
]


def knock_in_every_way(port: int, bare: int) -> None:
    for _ in range(bare):
        knock(port)
        reset(port)
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(b"Content-Le")
    for data in GARBAGE:
        assert knock(port, data) == b"", data


def test_knocks_do_no_harm_before_during_and_after(supervised: Supervised, target: Path) -> None:
    knock_in_every_way(supervised.port, 100)
    assert supervised.processes(OURS) == []
    editor = attach(supervised, target, supervised.new_worker(), DOUBLED)
    answer = supervised.call("scout", 3)
    editor.wait_stopped()
    knock_in_every_way(supervised.port, 100)
    assert editor.step().line == LABEL
    editor.continue_()
    assert supervised.result(answer) == "6 yards"
    stop_and_go_on(supervised, editor, target, 8)
    detach(supervised, editor)
    knock_in_every_way(supervised.port, 20)
    assert supervised.processes(OURS) == []
    assert len(supervised.all("attached")) == len(supervised.all("detached")) == 1


def test_a_browser_is_told_what_this_is(supervised: Supervised) -> None:
    request = f"GET http://127.0.0.1:{supervised.port}/ HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n".encode()
    for data in (request, b"HEAD / HTTP/1.0\r\n\r\n"):
        head, _, body = knock(supervised.port, data).decode().partition("\r\n\r\n")
        assert head.startswith("HTTP/1.1 400 ")
        assert f"Content-Length: {len(body.encode())}" in head
        assert "debug port of the API" in body
        assert ".md" not in body  # whoever reads it may have another project in front of them
        assert str(supervised.port) in body


def test_silence_is_closed_and_many_silent_ones_keep_no_editor_out(target: Path) -> None:
    with Supervised(target, "--introduction", "3") as supervised:
        silent = [socket.create_connection(("127.0.0.1", supervised.port), timeout=PATIENCE) for _ in range(100)]
        editor = attach(supervised, target, supervised.new_worker(), DOUBLED)
        for connection in silent:
            assert connection.recv(1) == b""
            connection.close()
        stop_and_go_on(supervised, editor, target, 1)
        detach(supervised, editor)


def test_an_editor_that_gives_up_after_initialize(supervised: Supervised, target: Path) -> None:
    hello = encode({"seq": 1, "type": "request", "command": "initialize", "arguments": {"adapterID": "debugpy"}})
    with socket.create_connection(("127.0.0.1", supervised.port), timeout=PATIENCE) as connection:
        connection.sendall(hello)
        assert connection.recv(1)
    supervised.wait_nothing_left(OURS)
    editor = attach(supervised, target, supervised.new_worker(), DOUBLED)
    detach(supervised, editor)
    assert len(supervised.all("attached")) == 1
