"""Clients that read an export slowly, or not at all, take a part of the connections and never all of them."""

from __future__ import annotations

import socket
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import asyncpg
import pytest

from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tests.integration.api.conftest import Api

#: A quarter of the nine connections that the served application has.
SHARE = 2
EXPORT = "/api/v1/combine?format=csv"


@pytest.mark.anyio
async def test_slow_readers_leave_connections_for_others(league: str, serving: Callable[[str], AbstractContextManager[Api]]) -> None:
    connection = await asyncpg.connect(league)
    # large enough to fill every buffer between the server and a client that does not read
    await connection.execute("update combine_entry set player_name = repeat('x', 20000)")
    await connection.close()
    with serving(league) as api, ExitStack() as slow:
        for _ in range(SHARE):
            client = slow.enter_context(closing(socket.create_connection((api.base_url.host, api.base_url.port or 80))))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(f"GET {EXPORT} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
            assert client.recv(12, socket.MSG_WAITALL) == b"HTTP/1.1 200"
        refused = api.get(EXPORT)
        assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
        assert int(refused.headers["retry-after"]) > 0
        assert api.get("/api/v1/combine?limit=1&fields=season").status_code == 200
        assert api.get("/health/ready").status_code == 200
        slow.close()
        until(lambda: api.get(f"{EXPORT}&fields=season").status_code == 200, lambda: "nobody noticed that they have left")
