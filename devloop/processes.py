"""Processes that end with their parent, however it ended."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends; at once, when the parent has ended already."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def environment() -> dict[str, str]:
    """Ours for a child: without compiled bytecode every start would take seconds longer, and debugpy warns of what nobody here does."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONUNBUFFERED": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


def start(module: str, *arguments: str, sockets: Sequence[socket.socket]) -> subprocess.Popen[bytes]:
    """``python -m module PID FD ... arguments``: who its parent is, and these sockets."""
    fds = [sock.fileno() for sock in sockets]
    command = [sys.executable, "-m", module, str(os.getpid()), *map(str, fds), *arguments]
    return subprocess.Popen(command, pass_fds=fds, stdin=subprocess.DEVNULL, env=environment())


def start_zygote() -> tuple[subprocess.Popen[bytes], socket.socket]:
    """A zygote that waits to be told what to import, and our end of its channel."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    with theirs:
        return start("devloop.zygote", sockets=(theirs,)), ours


def how(code: int | None) -> str:
    """An exit code in words."""
    if code is None:
        return "it ended"
    if code >= 0:
        return f"it ended with exit code {code}"
    try:
        return f"it was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"it was killed by signal {-code}"
