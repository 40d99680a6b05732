"""Lends the terminal that it is started in to loops that have none: ``python -m devloop.lend``.

A loop in a container or under a service manager has no terminal on which ``breakpoint()`` could ask. This program waits on a socket of
the machine or container; a worker that reaches a ``breakpoint()`` connects, gets the terminal itself, and gives it back by closing the
connection. So one worker at a time has it, the others wait, and nothing is left when a worker is killed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import signal
import socket
import struct
import sys
import termios
from contextlib import suppress
from pathlib import Path

#: How long a worker may take to close its prompt when the terminal is taken back.
_CLOSE_SECONDS = 2.0
_CREDENTIALS = struct.Struct("3i")


def address(root: str) -> str:
    """Return the name of the socket for loops that import from this folder; it is in no file system."""
    return f"\0devloop-terminal-{hashlib.sha256(root.encode()).hexdigest()[:32]}"


def peer(connection: socket.socket) -> tuple[int, int]:
    """Return process and user on the other side."""
    pid, uid, _ = _CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return pid, uid


def main() -> int:
    """Lend it until Ctrl-C; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m devloop.lend", description="Have breakpoint() in a loop without a terminal stop in this one."
    )
    parser.add_argument("--root", "--app-dir", type=Path, default=Path(), help="the folder that the loop imports from (here)")
    root = str(parser.parse_args().root.resolve())
    try:
        modes = termios.tcgetattr(0)
    except termios.error:
        print("devloop: standard input is not a terminal, so there is nothing to lend.", file=sys.stderr)  # noqa: T201
        return 2
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        try:
            listener.bind(address(root))
        except OSError as error:
            print(f"devloop: cannot lend this terminal ({error.strerror}): is another one lent already?", file=sys.stderr)  # noqa: T201
            return 2
        listener.listen()
        print("devloop: breakpoint() stops in this terminal; press Ctrl-C to take it back", flush=True)  # noqa: T201
        with suppress(KeyboardInterrupt):
            while True:
                _lend(listener.accept()[0])
                termios.tcsetattr(0, termios.TCSADRAIN, modes)  # a worker that was killed at its prompt could not
    termios.tcsetattr(0, termios.TCSADRAIN, modes)
    return 0


def _lend(borrower: socket.socket) -> None:
    """Lend it to one worker until that gives it back."""
    with borrower:
        pid, uid = peer(borrower)
        if os.getuid() not in (0, uid):
            return
        try:
            socket.send_fds(borrower, [b"terminal"], [0])
            borrower.recv(1)
        except OSError:  # it has ended
            return
        except KeyboardInterrupt:
            with suppress(OSError, ProcessLookupError):
                os.kill(pid, signal.SIGINT)  # closes the prompt
                borrower.settimeout(_CLOSE_SECONDS)
                borrower.recv(1)
            raise


if __name__ == "__main__":
    sys.exit(main())
