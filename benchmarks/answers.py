"""Reads single answers, to see that what is compared is the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

if TYPE_CHECKING:
    from benchmarks.harness import Server


def get_json(server: Server, path: str) -> dict[str, Any]:
    """A JSON object that must be there."""
    with urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=30) as response:
        content: dict[str, Any] = json.load(response)
    return content
