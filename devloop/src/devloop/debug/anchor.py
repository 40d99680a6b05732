"""The debuggee that never restarts. The editor's session is with it; workers are announced as its children.

debugpy's adapter ends a session together with the process that the session is with, and a worker lives only until the next edit. So the
supervisor itself says to the adapter what a Python with debugpy would say, and debugs nothing: that takes no process and no memory of a
second debugpy. The requests of editors are handled here by name; any other gets an error message.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import platform
import struct
import sys
from contextlib import suppress

from devloop.debug.connection import Connection, ConnectionEnded
from devloop.debug.dap import JsonValue, Message, ProtocolError, error_response, success_response

Body = dict[str, JsonValue]

#: Requests that a debuggee without threads has nothing to do for.
_NOTHING_TO_DO = frozenset(
    {"initialize", "attach", "configurationDone", "setDebuggerProperty", "setExceptionBreakpoints", "pause", "terminate", "disconnect"}
)
_EMPTY: dict[str, Body] = {
    "threads": {"threads": [{"id": 1, "name": "keeps the debugger attached"}]},  # the protocol asks for one at least
    "modules": {"modules": [], "totalModules": 0},
    "loadedSources": {"sources": []},
    "completions": {"targets": []},
    "continue": {"allThreadsContinued": True},
}
_numbers = itertools.count(1)  # of breakpoints, which an editor tells apart by them


class Anchor:
    """One connection to an adapter, as a debuggee."""

    def __init__(self, adapter: Connection) -> None:
        self.configured = asyncio.Event()  # the editor has sent its breakpoints
        self._adapter = adapter

    @classmethod
    async def connect(cls, address: tuple[str, int]) -> Anchor:
        """Connect as a debuggee to the adapter at this address.

        Raises:
            OSError: the adapter does not listen there.
        """
        return cls(await Connection.open(address))

    async def answer(self) -> None:
        """Respond to the adapter until it disconnects."""
        with suppress(ConnectionEnded, ProtocolError):
            while True:
                message = await self._adapter.message()
                if message.command is not None:
                    await self._adapter.send(response(message))
                    if message.command == "configurationDone":
                        self.configured.set()

    def close(self) -> None:
        """End the connection, and with it the session."""
        self._adapter.close()


def response(request: Message) -> bytes:
    """Return the response to one request of the adapter."""
    command = request.command or ""
    if command in _NOTHING_TO_DO:
        return success_response(request)
    if command in _EMPTY:
        return success_response(request, _EMPTY[command])
    if command == "pydevdSystemInfo":
        return success_response(request, _about_this_process())
    if command in ("setBreakpoints", "setFunctionBreakpoints"):
        return success_response(request, {"breakpoints": _taken(request.arguments.get("breakpoints"))})
    return error_response(request, "This session keeps the debugger attached and runs no code: choose the process below it.")


def _taken(asked_for: JsonValue) -> list[JsonValue]:
    """Confirm all requested breakpoints: some editors keep showing one as refused that any session has not confirmed."""
    wishes = asked_for if isinstance(asked_for, list) else []
    return [_breakpoint(wish.get("line") if isinstance(wish, dict) else None) for wish in wishes]


def _breakpoint(line: JsonValue) -> JsonValue:
    taken: Body = {"id": next(_numbers), "verified": True}
    return taken if line is None else taken | {"line": line}


def _about_this_process() -> Body:
    version = platform.python_version()
    implementation: JsonValue = {"name": platform.python_implementation(), "version": version, "description": sys.version}
    return {
        "python": {"version": version, "implementation": implementation},
        "platform": {"name": sys.platform},
        "process": {"pid": os.getpid(), "ppid": os.getppid(), "executable": sys.executable, "bitness": struct.calcsize("P") * 8},
        "pydevd": {"usingCython": False, "usingFrameEval": False},
    }
