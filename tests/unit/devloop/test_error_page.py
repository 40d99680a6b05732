"""The page with the error, from a process that has many files open."""

from __future__ import annotations

import fcntl
import socket
from concurrent.futures import ThreadPoolExecutor

from devloop.channel import Channel
from devloop.listener import Listener
from devloop.messages import Go, Prepared, Stop, Stopped
from devloop.worker.error_page import answer_with_error
from devloop.worker.refresh import PageOrigin
from tests.support.waiting import PATIENCE

#: ``select`` takes file descriptors below this only.
SELECT_LIMIT = 1024


def high(sock: socket.socket) -> socket.socket:
    """Return the socket under a file descriptor that ``select`` does not take."""
    with sock:
        return socket.socket(fileno=fcntl.fcntl(sock.fileno(), fcntl.F_DUPFD_CLOEXEC, SELECT_LIMIT))


def response_to(client: socket.socket) -> bytes:
    """Request the page, and read until the connection is closed."""
    client.settimeout(10)
    client.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    with client.makefile("rb") as file:
        return file.read()


def test_file_descriptors_beyond_those_of_select() -> None:
    ours, theirs = (Channel(high(sock)) for sock in socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET))
    first, second = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener = Listener(high(socket.create_server(("127.0.0.1", 0))), (high(first), high(second)))
    ours.socket.settimeout(PATIENCE)
    with ThreadPoolExecutor(1) as executor:
        ended = executor.submit(answer_with_error, theirs, listener, "NameError: name 'app'", PageOrigin("one", 2))
        try:
            assert isinstance(ours.receive(), Prepared)
            ours.send(Go())
            used, accepted = socket.socketpair()
            idle, waiting = socket.socketpair()
            with used, idle:
                for passed_on in (accepted, waiting):
                    with passed_on:
                        assert listener.put(passed_on.fileno(), b"")
                assert b"NameError" in response_to(used)
                with socket.create_connection(listener.socket.getsockname()) as client:
                    assert b"NameError" in response_to(client)
                ours.send(Stop())
                assert isinstance(ours.receive(), Stopped)
                taken = listener.take()  # the idle connection, for the next process
                assert taken is not None
                with taken[0]:
                    taken[0].sendall(b"from the next process")
                    assert idle.recv(100) == b"from the next process"
        finally:
            ours.close()
        assert ended.result(PATIENCE) == 0
    theirs.close()
    listener.close()
