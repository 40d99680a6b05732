"""The process in which debugpy's adapter runs, between the editor and the processes that are debugged.

debugpy's own entry is of no use here: it would leave its parent (a double fork, a session of its own), and the adapter that
`debugpy.listen` starts demands a token that a worker's `debugpy.connect` would have to know.

It prints one line of JSON, the two ports of the loopback interface on which it listens, and ends when its standard input does.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from typing import TYPE_CHECKING

from devloop.debug.lifetime import end_with_pipe, ignore_terminal_signals
from devloop.processes import die_with_parent

if TYPE_CHECKING:
    from typing_extensions import Buffer

LOOPBACK = "127.0.0.1"


class PromptSocket(socket.socket):
    """Acknowledges at once what it has read.

    A debuggee writes the header and the body of a message separately and lets the kernel hold back the body until the header is
    acknowledged (Nagle's algorithm). Without this, each message waits 40 ms for that.
    """

    def recv_into(self, buffer: Buffer, nbytes: int = 0, flags: int = 0) -> int:
        """Receive like ``socket.socket.recv_into``."""
        count = super().recv_into(buffer, nbytes, flags)
        if sys.platform == "linux" and count:
            self.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)  # holds until the kernel changes its mind, so each time
        return count


class OneMessageLess:
    """What ``os`` is to debugpy's channels, which know it for one thing: to end the process when a message is met that cannot be handled.

    That is the end of every session there is, also when nothing more has happened than that an answer came from a process for an editor's
    session which has just been closed, as it is at every reload. Here the message is dropped, and the editor keeps its other sessions.
    """

    @staticmethod
    def _exit(_code: int) -> None:
        print(f"A debugger's message was dropped: {sys.exc_info()[1]!r}", file=sys.stderr, flush=True)  # noqa: T201 - where the rest goes


def serve() -> dict[str, int]:
    """Listen for the editor and for debuggees, and return the two ports."""
    from debugpy.adapter import clients, servers
    from debugpy.common import messaging, sockets

    vars(messaging)["os"] = OneMessageLess

    def debuggee_connected(accepted: socket.socket) -> None:
        servers.Connection(PromptSocket(accepted.family, accepted.type, accepted.proto, accepted.detach()))

    # what servers.serve() does, with our kind of socket
    servers.listener = sockets.serve("Server", debuggee_connected, LOOPBACK, 0)
    clients.serve(LOOPBACK, 0)  # type: ignore[no-untyped-call]
    ports = {}
    for name, module in (("editor", clients), ("debuggees", servers)):
        listener: socket.socket = vars(module)["listener"]
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted sockets inherit it
        ports[name] = int(listener.getsockname()[1])
    return ports


def main() -> None:
    """Run the adapter until standard input ends."""
    die_with_parent(os.getppid())
    ignore_terminal_signals()
    with os.fdopen(os.dup(1), "w") as report:
        os.dup2(2, 1)  # whatever prints, prints to where errors go
        report.write(json.dumps(serve()) + "\n")
    end_with_pipe(sys.stdin.buffer).join()


if __name__ == "__main__":
    main()
