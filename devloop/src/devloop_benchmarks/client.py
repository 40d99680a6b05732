"""Asks as plainly as can be, so that the client's own time stays small: one blocking socket, one request in flight."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

#: Between two questions on fresh connections, while a new answer is awaited.
POLL_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, header fields with lower-case names, and body."""

    status: int
    fields: dict[bytes, bytes]
    body: bytes

    @property
    def generation(self) -> int | None:
        """Which reload's code answered; None where the server does not tell."""
        found = self.fields.get(b"x-devloop-generation")
        return None if found is None else int(found)

    @property
    def last_on_its_connection(self) -> bool:
        """Whether the server closes the connection after it."""
        return self.fields.get(b"connection", b"").lower() == b"close"


def request(path: str, *, close: bool) -> bytes:
    """The bytes of a GET request."""
    connection = "Connection: close\r\n" if close else ""
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\n{connection}\r\n".encode()


def head(data: bytes) -> tuple[int, dict[bytes, bytes]]:
    """Status and fields of an answer's head."""
    first, *lines = data.split(b"\r\n")
    fields = (line.partition(b": ") for line in lines if line)
    return int(first.split(b" ")[1]), {name.lower(): value for name, _, value in fields}


class Connection:
    """A kept connection."""

    def __init__(self, port: int, timeout: float = 30.0) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._socket.close()

    def ask(self, path: str, *, close: bool = False) -> Answer:
        """One question, one answer."""
        self._socket.sendall(request(path, close=close))
        data = self._rest
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._receive()
        status, fields = head(data[:end])
        body = data[end + 4 :]
        length = int(fields.get(b"content-length", b"0"))
        while len(body) < length:
            body += self._receive()
        self._rest = body[length:]
        return Answer(status, fields, body[:length])

    def _receive(self) -> bytes:
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionResetError("the server closed the connection before it answered")
        return data


def ask(port: int, path: str, timeout: float = 30.0) -> Answer:
    """One question on a fresh connection."""
    with Connection(port, timeout) as connection:
        return connection.ask(path, close=True)


def first_answer(
    port: int, path: str, wanted: Callable[[Answer], bool], *, within: float, by: subprocess.Popen[bytes] | None = None
) -> Answer:
    """Ask on fresh connections until an answer is as wanted, or the process that should give it has ended.

    A connection that fails is tried again: that is counted elsewhere. One that waits is waited for: a server that holds its socket
    would otherwise have to answer those first who have gone.
    """
    deadline = time.perf_counter() + within
    while True:
        asked = time.perf_counter()
        try:
            answer = ask(port, path, timeout=max(0.1, deadline - asked))
            if wanted(answer):
                return answer
        except OSError:
            pass
        if time.perf_counter() > deadline or (by is not None and by.poll() is not None):
            raise TimeoutError(f"{path} was not answered as wanted within {within:g} s")
        time.sleep(max(0.0, asked + POLL_SECONDS - time.perf_counter()))
