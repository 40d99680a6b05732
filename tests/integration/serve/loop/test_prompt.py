"""``breakpoint()`` in a route of the API while ``dq serve`` runs in a terminal."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.served import LINUX, Served
from tests.support.terminal import Terminal
from tests.support.waiting import PATIENCE
from tests.support.writing import write_at_once

pytestmark = [pytest.mark.slow, LINUX]


def test_the_prompt_is_on_the_terminal_and_reloads_go_on(serve: Callable[..., Served], checkout: Path) -> None:
    code = checkout / "app" / "health" / "routes.py"
    good = code.read_text()
    served = serve(RELOAD="1", TERM="dumb", API_DEBUG_PORT="0", PIPELINE_DEBUG_PORT="0")
    terminal = Terminal(served.log)
    served.terminal = terminal.theirs
    statuses: list[int] = []
    try:
        served.start(checkout=checkout)
        terminal.shows("Ctrl-C stops it")
        for number, mark in ((2, "first"), (3, "second")):
            write_at_once(code, re.sub(r"(async def health.*)\n", rf"\1\n    MARK = '{mark}'\n    breakpoint()\n", good, count=1))
            terminal.shows(f"api | \x1b[0mdevloop: generation {number} after")  # the pipeline's has the same file and number
            request = threading.Thread(target=lambda: statuses.append(served.get("/health")[0]))
            request.start()
            terminal.shows("(Pdb) ")
            terminal.type("p MARK\n")
            terminal.shows(f"'{mark}'")
            terminal.type("c\n")
            request.join(PATIENCE)
        assert statuses == [200, 200]
        terminal.type("\x03")
        assert served.wait() == 0
        assert terminal.restored
    finally:
        served.end()
        terminal.close()
