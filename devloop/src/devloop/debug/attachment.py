"""One debug session as its clients see it: an editor has one connection for the root session and one for each process it debugs."""

from __future__ import annotations

import asyncio
import os

from devloop.debug.connection import Connection, splice
from devloop.debug.dap import JsonValue, Message, encode, error_response, success_response
from devloop.debug.session import Session

START_SECONDS = 10.0  # between `initialize` and `attach`; editors need a few milliseconds


class Attachment:
    """The session, with the connections that lead to its adapter."""

    def __init__(self, session: Session, serves: str) -> None:
        self.session = session
        self.over = asyncio.Event()  # the root client has disconnected, or there never was one
        self._serves = serves
        self._clients: set[Connection] = set()
        self._root: Connection | None = None

    async def serve(self, client: Connection, initialize: Message) -> None:
        """Connect the client with the adapter until one of the two closes.

        Raises:
            OSError, ConnectionEnded, ProtocolError: the connection failed.
        """
        self._clients.add(client)
        try:
            adapter = await Connection.open(self.session.editor_address)
            try:
                await self._introduce(client, adapter, initialize)
                start = await self._start_request(client)
                if start is not None:
                    await adapter.send(start)
                    await splice(client, adapter)
            finally:
                adapter.close()
        finally:
            self._clients.discard(client)
            if client is self._root or not (self._root or self._clients):
                self.over.set()

    def close(self) -> None:
        """Close every remaining connection."""
        for client in self._clients:
            client.close()

    async def _introduce(self, client: Connection, adapter: Connection, initialize: Message) -> None:
        """Pass ``initialize`` on, and the adapter's messages up to its response. After that the client speaks first."""
        await adapter.send(initialize.raw)
        while True:
            message = await adapter.message()
            await client.send(message.raw)
            if message.answers(initialize):
                return

    async def _start_request(self, client: Connection) -> bytes | None:
        """Return the client's ``attach`` if this connection may send it; None if it was refused or took too long."""
        try:
            async with asyncio.timeout(START_SECONDS):
                while True:
                    request = await client.message()
                    if request.command == "disconnect":
                        await client.send(success_response(request))
                        return None
                    if request.command is None:
                        continue
                    refusal = self._refusal(request)
                    if refusal is None:
                        return self._accept(client, request)
                    await client.send(error_response(request, refusal))
                    if request.command in ("attach", "launch"):
                        await client.farewell()
                        return None
        except TimeoutError:
            return None

    def _refusal(self, request: Message) -> str | None:
        """Return an error message for the user of the editor if the request must not be passed on."""
        if request.command == "launch":
            return f'This port debugs {self._serves}, which runs already: use "request": "attach". A launch needs no port.'
        if request.command != "attach":
            return f'"{request.command}" has to wait for "attach".'
        if "listen" in request.arguments or "processId" in request.arguments:
            return f'This port debugs {self._serves}: use "connect" instead of "listen" or "processId".'
        if self._root is not None and "subProcessId" not in request.arguments:
            return f"A debugger is already attached to {self._serves}: detach it first (in its editor: Stop or Disconnect)."
        return None

    def _accept(self, client: Connection, attach: Message) -> bytes:
        """Return the bytes to pass on. The client becomes the root client unless it attaches to a child process."""
        if "subProcessId" not in attach.arguments:
            self._root = client
        changed: dict[str, JsonValue] = {}
        if not any(name in attach.arguments for name in ("connect", "host", "port")):
            # an editor that names no address would be sent to the adapter's own port for the child sessions, past this one
            changed["connect"] = {"host": "127.0.0.1", "port": client.local_port}
        if links := mappings_of_links(attach.arguments.get("pathMappings")):
            changed["pathMappings"] = links
        return encode(attach.content | {"arguments": attach.arguments | changed}) if changed else attach.raw


def mappings_of_links(mappings: JsonValue) -> list[JsonValue]:
    """Return the mappings, with the real path of each folder on this side that is a symbolic link; nothing if there is none.

    Python knows its modules by their real paths. Without these mappings an editor that has opened the checkout through a link would be
    sent to a file that it does not know, and open it in a second tab.
    """
    given = mappings if isinstance(mappings, list) else []
    known = [(each.get("localRoot"), each.get("remoteRoot")) for each in given if isinstance(each, dict)]
    more = [
        (local, real)
        for local, remote in known
        if isinstance(remote, str) and os.path.isdir(remote) and (real := os.path.realpath(remote)) != remote.rstrip("/")  # noqa: PTH112
    ]
    added: list[JsonValue] = [{"localRoot": local, "remoteRoot": real} for local, real in more if (local, real) not in known]
    return [*given, *added] if added else []
