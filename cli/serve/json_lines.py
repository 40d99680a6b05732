"""What processes say, as lines of JSON: what is JSON already as it is, any other line as an event, a traceback as one event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

_BEGINNINGS = ("Traceback (most recent call last):", "  + Exception Group Traceback (most recent call last):")


class JsonLines:
    """The lines of several processes; a traceback is held back until the line that names its error."""

    def __init__(self) -> None:
        self._tracebacks: dict[str, list[str]] = {}

    def of(self, name: str, line: str) -> Iterator[str]:
        """What is to be written now that the process ``name`` has said ``line`` (without its end)."""
        held = self._tracebacks.get(name)
        if held is None and line.startswith(_BEGINNINGS):
            self._tracebacks[name] = [line]
        elif held is not None and _belongs(line):
            held.append(line)
        elif held is not None and not line.startswith("{"):
            yield self._event(name, "\n".join([*self._tracebacks.pop(name), line]), "error")
        else:
            yield from self._unfinished(name)
            if line.startswith("{"):
                yield line
            elif line.strip():
                yield self._event(name, line.strip(), "info")

    def rest(self) -> Iterator[str]:
        """Tracebacks whose last line never came."""
        for name in list(self._tracebacks):
            yield from self._unfinished(name)

    def _unfinished(self, name: str) -> Iterator[str]:
        if name in self._tracebacks:
            yield self._event(name, "\n".join(self._tracebacks.pop(name)), "error")

    @staticmethod
    def _event(name: str, text: str, level: str) -> str:
        event = {"timestamp": datetime.now(UTC).isoformat(), "level": level, "logger": f"serve.{name or 'dq'}", "event": text}
        return json.dumps(event, ensure_ascii=False)


def _belongs(line: str) -> bool:
    """Whether more of the traceback follows: frames and their code are indented, the line that names the error is not."""
    return line.startswith((" ", "\t")) or not line
