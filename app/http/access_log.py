"""One line per request, written in batches: formatting each one through the logging machinery would cost more than a cached answer."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

import msgspec

if TYPE_CHECKING:
    from app.settings import Settings

#: Seconds a line may wait for company.
FLUSH_AFTER = 0.2
_LONGEST_BATCH = 512


class Access(msgspec.Struct):
    """What is said about a request."""

    timestamp: float
    method: str
    path: str
    query: bytes
    status: int
    milliseconds: float
    cache: str
    request_id: str


class AccessLog:
    """Collects lines and writes them together; ``close`` writes what is left."""

    def __init__(self, *, enabled: bool, as_json: bool, stream: TextIO | None = None) -> None:
        self.enabled = enabled
        self._as_json = as_json
        self._stream = stream or sys.stderr
        self._waiting: list[Access] = []
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    def of(cls, settings: Settings) -> AccessLog:
        """The access log that the settings ask for: lines have level INFO."""
        return cls(enabled=settings.log_level in ("DEBUG", "INFO"), as_json=settings.log_as_json)

    def add(self, access: Access) -> None:
        """Remember one request."""
        self._waiting.append(access)
        if len(self._waiting) >= _LONGEST_BATCH:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_AFTER, self.flush)

    def flush(self) -> None:
        """Write what is waiting."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._stream.write("".join(map(self._json_line if self._as_json else _console_line, waiting)))
            self._stream.flush()

    @staticmethod
    def _json_line(access: Access) -> str:
        content = {
            "event": "request",
            "logger": "app.access",
            "level": "info",
            "timestamp": datetime.fromtimestamp(access.timestamp, UTC),
            "method": access.method,
            "path": access.path,
            "query": access.query.decode("latin-1"),
            "status": access.status,
            "milliseconds": round(access.milliseconds, 2),
            "cache": access.cache,
            "request_id": access.request_id,
        }
        return msgspec.json.encode(content).decode() + "\n"


def _console_line(access: Access) -> str:
    time = datetime.fromtimestamp(access.timestamp, UTC).strftime("%H:%M:%S")
    # what a client put into the address must not reach a terminal as it is
    address = _printable(access.path + ("?" + access.query.decode("latin-1") if access.query else ""))
    return f"{time} {access.method} {address} {access.status} {access.milliseconds:.1f} ms {access.cache}\n"


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)
