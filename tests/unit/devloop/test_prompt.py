"""A terminal that is lent, and taken back before a process had it."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from threading import Timer

import pytest

from devloop.channel import Channel
from devloop.lend import address
from devloop.messages import Fork
from devloop.worker.prompt import Leave, Prompt


def test_a_terminal_that_is_taken_back_while_a_process_waits_for_it(tmp_path: Path) -> None:
    prompt = Prompt(Fork("asgi", "main:app", str(tmp_path), 1, 5.0, "supervisor"), Channel.pair()[0])
    lender = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    lender.bind(address(str(tmp_path)))
    lender.listen()
    Timer(0.1, lender.close).start()
    with pytest.raises(Leave), prompt.terminal():
        pass


def test_a_terminal_that_is_taken_back_leaves_no_connection_and_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prompt = Prompt(Fork("asgi", "main:app", str(tmp_path), 1, 5.0, "supervisor"), Channel.pair()[0])
    lender, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    other.close()
    monkeypatch.setattr(prompt, "_lender", lambda: lender)
    monkeypatch.setattr(os, "isatty", lambda _fd: False)
    prompt.keep_terminal(None)  # for a debugger that is not ours
    assert lender.fileno() == -1
