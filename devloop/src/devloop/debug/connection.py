"""One TCP connection on which messages of the Debug Adapter Protocol are read, handled or forwarded."""

from __future__ import annotations

import asyncio
import socket
import sys
from asyncio.trsock import TransportSocket
from contextlib import suppress

from devloop.debug.dap import Message, MessageParser

CHUNK = 1 << 16
FAREWELL_SECONDS = 2.0  # for the other side to read the last response


class ConnectionEnded(Exception):
    """The other side has closed the connection."""


class Connection:
    """Reads messages until it is asked to pass everything on."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._parser = MessageParser()
        self._socket: TransportSocket = writer.get_extra_info("socket")
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @classmethod
    async def open(cls, address: tuple[str, int]) -> Connection:
        """Connect to ``address``.

        Raises:
            OSError: the connection failed.
        """
        return cls(*await asyncio.open_connection(*address))

    @property
    def unread(self) -> bytes:
        """What has come and belongs to no message that was read."""
        return self._parser.unread

    @property
    def local_port(self) -> int:
        """The port of this side."""
        return int(self._socket.getsockname()[1])

    async def message(self) -> Message:
        """Return the next message.

        Raises:
            ProtocolError: the bytes are not a message.
            ConnectionEnded: the other side has closed.
        """
        while (message := self._parser.next_message()) is None:
            self._parser.feed(await self._read())
        return message

    async def send(self, data: bytes) -> None:
        """Write bytes.

        Raises:
            ConnectionEnded: the other side has closed.
        """
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            raise ConnectionEnded from error

    async def pass_on_to(self, other: Connection) -> None:
        """Forward everything to ``other``, until one of the two ends."""
        with suppress(ConnectionEnded):
            if self.unread:
                await other.send(self.unread)
            while True:
                await other.send(await self._read())

    async def _read(self) -> bytes:
        try:
            data = await self._reader.read(CHUNK)
            if data and sys.platform == "linux":
                # the other side may hold back the rest of a message until this part is acknowledged
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        except OSError as error:
            raise ConnectionEnded from error
        if not data:
            raise ConnectionEnded
        return data

    async def farewell(self) -> None:
        """Shut down the sending side and wait for the other side to close; closing at once could lose a response in transit."""
        with suppress(TimeoutError, OSError, ConnectionEnded):
            self._writer.write_eof()
            async with asyncio.timeout(FAREWELL_SECONDS):
                while True:
                    await self._read()

    def close(self) -> None:
        """Close the connection; sent data are still delivered."""
        self._writer.close()


async def splice(one: Connection, other: Connection) -> None:
    """Forward everything in both directions, until one of the two ends."""
    directions = [asyncio.create_task(one.pass_on_to(other)), asyncio.create_task(other.pass_on_to(one))]
    try:
        await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for direction in directions:
            direction.cancel()
        await asyncio.gather(*directions, return_exceptions=True)
