"""The log of the loop: lines on standard error, or one JSON object for each entry with ``DEVLOOP_LOG_FORMAT=json``.

A variable and not an option: the zygote and its workers, which start before the options are parsed, inherit it.
"""

from __future__ import annotations

import os
import sys

_FORMAT = "DEVLOOP_LOG_FORMAT"


def say(text: str) -> None:
    """Write one entry. One of several lines is the text of an error."""
    print(_event(text) if os.environ.get(_FORMAT) == "json" else f"devloop: {text}", file=sys.stderr, flush=True)  # noqa: T201


def _event(text: str) -> str:
    import json  # here: most logs are for people, and every start waits for what is imported
    from datetime import UTC, datetime

    level = "error" if "\n" in text else "info"
    event = {"timestamp": datetime.now(UTC).isoformat(), "level": level, "logger": "devloop", "event": text}
    return json.dumps(event, ensure_ascii=False)
