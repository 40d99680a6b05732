"""The log of the loop: lines on standard error, or one JSON object for each entry with ``DEVLOOP_LOG_FORMAT=json``.

A variable and not an option: the zygote and its workers, which start before the options are parsed, inherit it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable


def say(text: str) -> None:
    """Write one entry. One of several lines is the text of an error."""
    entry = _event(text) if _as_json() else f"devloop: {text}"
    print(f"{entry}\n", end="", file=sys.stderr, flush=True)  # noqa: T201 - in one piece, because other processes write here too


def say_where(text: str, write_stack: Callable[[], None]) -> bool:
    """Write an entry about a process that takes long, and have it write where it is, unless the log is JSON; return whether it does."""
    if _as_json():
        say(text)
        return False
    say(f"{text}; it is here:")
    write_stack()
    return True


def _as_json() -> bool:
    return os.environ.get("DEVLOOP_LOG_FORMAT") == "json"


def _event(text: str) -> str:
    import json  # here: most logs are for people, and every start waits for what is imported
    from datetime import UTC, datetime

    level = "error" if "\n" in text else "info"
    event = {"timestamp": datetime.now(UTC).isoformat(), "level": level, "logger": "devloop", "event": text}
    return json.dumps(event, ensure_ascii=False)
