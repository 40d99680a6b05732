"""The debug port is announced when it is open, not before."""

from __future__ import annotations

import asyncio
import socket

from devloop.debug.port import DebugPort


def test_an_editor_can_connect_as_soon_as_the_port_is_announced() -> None:
    async def announced() -> int:
        numbers: asyncio.Queue[int] = asyncio.Queue()

        def listening(number: int) -> None:
            socket.create_connection(("127.0.0.1", number)).close()
            numbers.put_nowait(number)

        port = DebugPort(
            "127.0.0.1", 0, serves="the API", attached=lambda _: None, detached=lambda: None, log=lambda _: None, listening=listening
        )
        running = asyncio.create_task(port.run())
        number = await asyncio.wait_for(numbers.get(), 30)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return number

    assert asyncio.run(announced()) > 0
