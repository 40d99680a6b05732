"""Holds the debug port as long as the supervisor runs, and starts a debugger only for an editor.

Other clients of the port (health checks, port scans, browsers) do not reach debugpy, whose own port can be closed or blocked indefinitely
by a silent connection.
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
from collections.abc import Callable
from contextlib import suppress

from devloop.debug.attachment import Attachment
from devloop.debug.connection import Connection, ConnectionEnded
from devloop.debug.dap import Message, ProtocolError, error_response
from devloop.debug.join import JoinAddress
from devloop.debug.session import Session, SessionFailed

__all__ = ["DebugPort", "JoinAddress"]

INTRODUCTION_SECONDS = 10.0  # for a connection to say who it is
STRANGERS = 32  # connections that have not said it; one more ends the oldest
RETRY_SECONDS = 3.0

_HTTP_REQUEST = re.compile(rb"[A-Z]{3,10} \S+ HTTP/1\.[01]\r?\n")


class DebugPort:
    """The debug port of one program.

    `serves` names the program in sentences ("the API"). `attached` is called when an editor has attached and sent its breakpoints:
    workers that join from then on are announced to it. `detached` is called after that, once, when the session has ended for whatever
    reason. `log` gets sentences for the developer, `listening` the number of the port when it is open at the first attempt. None of them
    may block. `hint` says how to choose another port.

    `port` 0 takes any free port; `port` then has its number as soon as `run` listens.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        serves: str,
        attached: Callable[[JoinAddress], None],
        detached: Callable[[], None],
        log: Callable[[str], None],
        hint: str = "set another port",
        listening: Callable[[int], None] = lambda _port: None,
    ) -> None:
        self.host = host
        self.port = port
        self.address: JoinAddress | None = None
        """Where workers join; None while no editor is attached."""
        self._serves = serves
        self._attached = attached
        self._detached = detached
        self._log = log
        self._hint = hint
        self._listening = listening
        self._strangers: dict[asyncio.Task[None], None] = {}  # oldest first
        self._connections: set[asyncio.Task[None]] = set()
        self._starting = asyncio.Lock()
        self._attachment: Attachment | None = None
        self._accompanying: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Listen until cancelled; then close every connection and end every process."""
        server = await self._listen()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            server.close()
            for connection in self._connections:
                connection.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)
            if self._attachment is not None and self._accompanying is not None:
                self._attachment.over.set()
                await self._accompanying

    # --- listening ------------------------------------------------------------------------------------------------------------

    async def _listen(self) -> asyncio.Server:
        complained = False
        while True:
            try:
                server = await asyncio.start_server(self._connected, self.host, self.port)
            except OSError as error:
                if not complained:
                    self._log(self._no_port(error))
                complained = True
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self.port = server.sockets[0].getsockname()[1]
                if complained:
                    self._log(f"The debug port {self.port} is free now: editors can attach to {self._serves}.")
                else:
                    self._listening(self.port)
                return server

    def _no_port(self, error: OSError) -> str:
        if error.errno == errno.EADDRINUSE:
            why = f"another program has it (`ss -ltnp 'sport = :{self.port}'` shows which): end that one, or {self._hint}"
        else:
            why = os.strerror(error.errno) if error.errno else str(error)
        return (
            f"No debugger can attach to {self._serves} for now. The debug port {self.port} is not available: {why}. "
            f"It is tried again every {RETRY_SECONDS:.0f} seconds."
        )

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._strangers) >= STRANGERS:
            oldest = next(iter(self._strangers))
            self._known(oldest)
            oldest.cancel()
        task = asyncio.create_task(self._serve(reader, writer))
        task.add_done_callback(lambda _: writer.close())  # not in the task: one that is cancelled too early never begins
        self._strangers[task] = None
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        task.add_done_callback(self._known)

    def _known(self, task: asyncio.Task[None]) -> None:
        self._strangers.pop(task, None)

    # --- one connection -------------------------------------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionEnded, ProtocolError, OSError):  # the client has disconnected
            client = Connection(reader, writer)
            initialize = await self._introduction(client)
            if initialize is not None:
                if (task := asyncio.current_task()) is not None:
                    self._known(task)
                await self._debug(client, initialize)

    async def _introduction(self, client: Connection) -> Message | None:
        """Return the first request of an editor; None from any other client."""
        try:
            async with asyncio.timeout(INTRODUCTION_SECONDS):
                message = await client.message()
        except TimeoutError:
            return None
        except ProtocolError:
            if _HTTP_REQUEST.match(client.unread):
                await client.send(self._http_answer())
                await client.farewell()
            return None
        valid = message.command == "initialize" and isinstance(message.content.get("seq"), int) and bool(message.arguments)
        return message if valid else None

    def _http_answer(self) -> bytes:
        text = (
            f"This is the debug port of {self._serves}. It speaks the Debug Adapter Protocol, not HTTP.\n"
            f'Attach an editor to it: in VS Code, Run and Debug, "Attach"; elsewhere a debugpy "attach" with\n'
            f'"connect": {{"host": "127.0.0.1", "port": {self.port}}}.\n'
        ).encode()
        head = f"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(text)}\r\n"
        return head.encode() + b"Connection: close\r\n\r\n" + text

    async def _debug(self, client: Connection, initialize: Message) -> None:
        try:
            attachment = await self._current_attachment()
        except (SessionFailed, OSError) as error:
            sentence = f"The debugger of {self._serves} did not start: {error}"
            self._log(sentence)
            await client.send(error_response(initialize, sentence))
            await client.farewell()
        else:
            await attachment.serve(client, initialize)

    # --- the debug session ----------------------------------------------------------------------------------------------------

    async def _current_attachment(self) -> Attachment:
        """Return the running session, or a new one.

        Raises:
            SessionFailed, OSError: no session could be started.
        """
        async with self._starting:
            if self._accompanying is not None and (self._attachment is None or self._attachment.over.is_set()):
                await asyncio.shield(self._accompanying)  # until the adapter of the last one has ended
            if self._attachment is None:
                self._attachment = Attachment(await Session.start(), self._serves)
                self._accompanying = asyncio.create_task(self._accompany(self._attachment))
            return self._attachment

    async def _accompany(self, attachment: Attachment) -> None:
        """Follow a session from its start to the end of its adapter."""
        announcing = asyncio.create_task(self._announce(attachment.session))
        watching = asyncio.create_task(attachment.session.ended())
        over = asyncio.create_task(attachment.over.wait())
        try:
            await asyncio.wait((watching, over), return_when=asyncio.FIRST_COMPLETED)
        finally:
            attachment.over.set()
            for task in (announcing, watching, over):
                task.cancel()
            attachment.close()
            if self.address is not None:
                self.address = None  # before anything is waited for: no worker may be sent to a session that ends
                self._detached()
            if trouble := await attachment.session.end():
                self._log(f"{trouble}, and the debug session of {self._serves} with it. Attach again.")
            self._attachment = None

    async def _announce(self, session: Session) -> None:
        await session.configured()
        self.address = session.join_address
        self._attached(self.address)
