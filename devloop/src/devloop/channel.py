"""How processes talk: a pair of Unix sockets on which one packet is one message and the end of one side is seen by the other."""

from __future__ import annotations

import socket
from contextlib import suppress

from devloop.messages import Message, decode

#: More than the longest list of modules takes.
PACKET = 1 << 20
#: A listener takes this many.
_MOST_FDS = 3


class Channel:
    """One end. Blocking in the children, used with an event loop in the supervisor."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            sock.setsockopt(socket.SOL_SOCKET, option, PACKET)

    @classmethod
    def pair(cls) -> tuple[Channel, socket.socket]:
        """Return our end, ready for an event loop, and the socket for the child."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        return cls(ours), theirs

    def send(self, message: Message, fds: tuple[int, ...] = ()) -> bool:
        """Send a message; return False if the other side has closed (or does not read earlier messages)."""
        try:
            socket.send_fds(self.socket, [message.encode()], fds)
        except OSError:
            return False
        return True

    def receive(self) -> Message | None:
        """Wait for the next message; None when the other side has ended."""
        return self.receive_with_fds()[0]

    def receive_with_fds(self) -> tuple[Message | None, list[int]]:
        """Wait for the next message and the file descriptors that came with it."""
        try:
            packet, fds, _, _ = socket.recv_fds(self.socket, PACKET, _MOST_FDS)
        except ConnectionError:
            packet, fds = b"", []
        return (decode(packet) if packet else None), fds

    async def next(self) -> Message | None:
        """Receive the next message in an event loop."""
        import asyncio  # here, so that the zygote is started before it is imported

        try:
            packet = await asyncio.get_running_loop().sock_recv(self.socket, PACKET)
        except OSError:
            packet = b""
        return decode(packet) if packet else None

    def shutdown(self) -> None:
        """Close both directions, which also ends a waiting ``next``: a socket that an event loop still watches must not be closed."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the channel; the other side sees the end."""
        with suppress(OSError):
            self.socket.close()
