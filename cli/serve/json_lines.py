"""The output of processes as lines of JSON: JSON stays as it is, any other line is an event, a traceback or a stack is one event."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime

#: The first line of a traceback (the development loop puts its name before it) and of a stack that ``faulthandler`` writes.
_BEGINNING = re.compile(
    r"(devloop: )?(  \+ Exception Group )?Traceback \(most recent call last\):|(Current t|T)hread 0x.*\(most recent call first\):"
)


class JsonLines:
    """The lines of several processes; a traceback is held back until the line that names its error, or until ``rest()``."""

    def __init__(self) -> None:
        self._tracebacks: dict[str, list[str]] = {}

    @property
    def holding(self) -> bool:
        """Whether the end of a traceback has not come yet."""
        return bool(self._tracebacks)

    def of(self, name: str, line: str) -> Iterator[str]:
        """Yield what is to be written after ``line`` (without its end) of the process ``name``."""
        held = self._tracebacks.get(name)
        if held is None and _BEGINNING.match(line):
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
        """Yield the tracebacks whose last line has not come."""
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
