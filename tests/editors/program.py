"""The program that an editor debugs: `dq serve` from a copy of this checkout, and the place in it where the editor stops."""

from __future__ import annotations

import threading
from pathlib import Path

import httpx

from tests.containers.stack import copy_checkout
from tests.support.served import Served
from tests.support.waiting import PATIENCE, free_port

#: Edits in a row, with the editor attached once.
ROUNDS = 5

CONFIGURATION = "Attach: API"
FUNCTION = "list_draft_picks"
#: Before a command: its process ends with the one that has started it, however that ends.
WITH_PARENT = ("setpriv", "--pdeathsig=TERM")
_PORT = '"port": 5678'
_ROUTE = "/api/v1/draft-picks?season=2020"
_LAST_LINE = "    return await list_response("


class Program:
    """A checkout that may be edited, served by `dq serve` with a debug port."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "checkout"
        self.file = self.checkout / "app" / "draft_picks" / "routes.py"
        self.debug_port = free_port()
        copy_checkout(self.checkout)
        self._move_port()
        data = folder / "data"
        data.mkdir()
        self.served = Served(data, RELOAD="1", API_DEBUG_PORT=str(self.debug_port), PIPELINE_DEBUG_PORT="0")

    def _move_port(self) -> None:
        """Give "Attach: API" a port that is free, as docs/debugging.md says for a second stack."""
        configurations = self.checkout / ".vscode" / "launch.json"
        text = configurations.read_text()
        before, name, after = text.partition(f'"name": "{CONFIGURATION}"')
        assert name
        assert _PORT in after.partition('"name"')[0]
        configurations.write_text(before + name + after.replace(_PORT, f'"port": {self.debug_port}', 1))

    def start(self) -> None:
        self.served.start(checkout=self.checkout)
        self.served.wait_until_it_answers()
        self.served.wait_for_output("worker_ready")
        assert f"The debug port {self.debug_port} is not available" not in self.served.output

    @property
    def line(self) -> int:
        """The line of the breakpoint in the file as it is saved now, beginning at 1."""
        return next(number for number, text in enumerate(self.file.read_text().splitlines(), 1) if text.startswith(_LAST_LINE))

    def wait_for_debugger(self) -> None:
        """Wait until the editor's breakpoints hold."""
        self.served.wait_for_output("a debugger is attached to generation")

    def wait_for_edit(self, number: int) -> None:
        """Wait until the new code answers after this many edits; its process has joined the editor's session by then."""
        self.served.wait_for_output(f"api | devloop: generation {number + 1} after")

    def request(self) -> Request:
        """Enter the route, which never comes from a cache."""
        return Request(f"http://127.0.0.1:{self.served.port}{_ROUTE}")


class Request(threading.Thread):
    """A request that a breakpoint holds up."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._url = url
        self.status: int | None = None
        self.start()

    def run(self) -> None:
        self.status = httpx.get(self._url, headers={"Cache-Control": "no-cache"}, timeout=PATIENCE).status_code

    def is_held_up(self) -> bool:
        return self.is_alive()

    def wait(self) -> int | None:
        self.join(PATIENCE)
        return self.status
