"""Messages on a socket or on a pair of pipes, and a record of all of them.

Written without the product's parser on purpose: what the product sends has to be readable for somebody else's.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import IO, TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

SHOWN = 400  # characters of one message in the transcript


class Fields:
    """A JSON object whose members are read with the type that they have to have."""

    def __init__(self, content: Json) -> None:
        self.content: dict[str, Json] = content if isinstance(content, dict) else {}

    def __contains__(self, name: str) -> bool:
        return name in self.content

    def text(self, name: str, default: str = "") -> str:
        value = self.content.get(name, default)
        assert isinstance(value, str), f"{name} is {value!r}"
        return value

    def number(self, name: str) -> int:
        value = self.content.get(name)
        assert isinstance(value, int), f"{name} is {value!r}"
        return value

    def flag(self, name: str) -> bool:
        return self.content.get(name) is True

    def fields(self, name: str) -> Fields:
        return Fields(self.content.get(name))

    def list(self, name: str) -> list[Fields]:
        value = self.content.get(name)
        assert isinstance(value, list), f"{name} is {value!r}"
        return [Fields(item) for item in value]


class Transcript:
    """What happened, with the time since the beginning; shown when a test has waited in vain."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._lines: list[str] = []
        self._lock = threading.Lock()

    def note(self, who: str, what: str) -> None:
        with self._lock:
            self._lines.append(f"{time.monotonic() - self._began:8.3f}  {who:<18} {what[:SHOWN]}")

    def __str__(self) -> str:
        with self._lock:
            return "\n".join(self._lines)


class Wire:
    """One channel to an adapter."""

    def __init__(self, reader: IO[bytes], writer: IO[bytes], close: Callable[[], None]) -> None:
        self._reader = reader
        self._writer = writer
        self._writing = threading.Lock()
        self.close = close

    @classmethod
    def to_port(cls, host: str, port: int) -> Wire:
        connection = socket.create_connection((host, port), timeout=10)
        connection.settimeout(None)

        def close() -> None:
            with suppress(OSError):  # the other side was quicker
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

        return cls(connection.makefile("rb"), connection.makefile("wb"), close)

    def send(self, content: Mapping[str, Json]) -> None:
        body = json.dumps(content).encode()
        with self._writing:
            self._writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
            self._writer.flush()

    def receive(self) -> Fields | None:
        """The next message; None when there will be none."""
        try:
            length = 0
            while (line := self._reader.readline()) != b"\r\n":
                if not line:
                    return None
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            body = self._reader.read(length)
        except (OSError, ValueError):  # ValueError: closed by this side
            return None
        return Fields(json.loads(body)) if len(body) == length else None
