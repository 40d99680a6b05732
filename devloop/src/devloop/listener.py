"""What every worker has in its turn: the socket that listens, and a queue of connections that the previous worker had open.

The supervisor holds both, so they outlive every worker. The queue is a pair of Unix sockets: the kernel keeps the connections in it while
no worker takes them, as it keeps new connections in the queue of the listening socket.
"""

from __future__ import annotations

import socket

#: More than a worker reads from a connection at once.
_LARGEST = 1 << 20


class Listener:
    """The listening socket and both ends of the queue."""

    def __init__(self, sock: socket.socket, queue: tuple[socket.socket, socket.socket] | None = None) -> None:
        self.socket = sock
        self._end, self.front = queue or socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (self._end, self.front):
            end.setblocking(False)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _LARGEST)

    @classmethod
    def received(cls, fds: list[int]) -> Listener:
        """Return the listener that another process has sent."""
        sockets = [socket.socket(fileno=fd) for fd in fds]
        for one in sockets:
            one.set_inheritable(False)  # a program that a worker leaves behind must not keep the port
        return cls(sockets[0], (sockets[1], sockets[2]))

    def filenos(self) -> tuple[int, ...]:
        """Return what is sent to another process."""
        return self.socket.fileno(), self._end.fileno(), self.front.fileno()

    def put(self, connection: int, data: bytes) -> bool:
        """Queue a connection (its file descriptor, which may be closed then) and what has been read from it; False when that fails."""
        try:
            socket.send_fds(self._end, [b"+" + data], [connection])  # an empty packet would look like the end
        except OSError:  # the queue is full, or this is more data than a packet takes
            return False
        return True

    def take(self) -> tuple[socket.socket, bytes] | None:
        """Return the first connection in the queue, or None."""
        try:
            packet, fds, _, _ = socket.recv_fds(self.front, _LARGEST, 1)
        except BlockingIOError:
            return None
        if not fds:  # this process has too many files open, and the kernel has closed the connection
            return None
        connection = socket.socket(fileno=fds[0])
        connection.set_inheritable(False)
        return connection, packet[1:]

    def close(self) -> None:
        """Close all three here."""
        for one in (self.socket, self._end, self.front):
            one.close()
