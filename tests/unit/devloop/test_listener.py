"""The queue of connections between one worker and the next."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from devloop.listener import Listener


@pytest.fixture
def listener() -> Iterator[Listener]:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        one = Listener(sock)
        yield one
        one.close()


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6, socket.AF_UNIX], ids=lambda family: family.name)
def test_connections_come_out_in_order_and_open(listener: Listener, family: socket.AddressFamily) -> None:
    addresses: dict[int, tuple[str, int] | str] = {socket.AF_INET: ("127.0.0.1", 0), socket.AF_INET6: ("::1", 0), socket.AF_UNIX: ""}
    with socket.socket(family) as server:
        server.bind(addresses[family])
        server.listen()
        with socket.socket(family) as client, socket.socket(family) as other:
            for number, one in enumerate((client, other)):
                one.connect(server.getsockname())
                with server.accept()[0] as accepted:
                    assert listener.put(accepted.fileno(), b"GET" * number)
            for one, data in ((client, b""), (other, b"GET")):
                taken = listener.take()
                assert taken is not None
                with taken[0]:
                    assert taken[1] == data
                    assert not taken[0].get_inheritable()
                    taken[0].sendall(b"response")
                    assert one.recv(100) == b"response"
            assert listener.take() is None


def test_a_full_queue_leaves_the_connection_where_it_is(listener: Listener) -> None:
    with socket.socket() as sock:
        count = 0
        while listener.put(sock.fileno(), b"x" * 10_000):
            count += 1
            assert count < 10_000
    assert count > 5
    for _ in range(count):
        taken = listener.take()
        assert taken is not None
        taken[0].close()
    assert listener.take() is None
