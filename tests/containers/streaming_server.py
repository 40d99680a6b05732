"""In place of the API, which has no streams yet: server-sent events and WebSockets, with nothing but the standard library.

Runs in a container behind the proxy. ``/events`` says a number every tenth of a second, ``/events/seldom`` every ten minutes; ``/ws``
answers every text with its own name in front; any other address says what the proxy passed on. SIGTERM: WebSockets are told "going
away", everything else ends as it is.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import signal
import socket

GOING_AWAY = b"\x88\x02\x03\xe9"
open_sockets: set[asyncio.StreamWriter] = set()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            path = head[0].split(" ")[1]
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            if headers.get("upgrade") == "websocket":
                await websocket(headers["sec-websocket-key"], reader, writer)
                return
            if path.startswith("/events"):
                await events(writer, 600 if path == "/events/seldom" else 0.1)
                return
            body = json.dumps({"path": path, "headers": headers, "server": socket.gethostname()}).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        return  # the proxy has left
    finally:
        writer.close()


async def events(writer: asyncio.StreamWriter, pause: float) -> None:
    """A stream without an end. The header tells the proxy to pass on what comes as it comes."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Accel-Buffering: no\r\nConnection: close\r\n\r\n")
    for number in range(1_000_000):
        writer.write(b"data: %d\n\n" % number)
        await writer.drain()
        await asyncio.sleep(pause)


async def websocket(key: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Texts of fewer than 126 bytes."""
    accept = base64.b64encode(hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode(), usedforsecurity=False).digest())
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %b\r\n\r\n" % accept
    )
    open_sockets.add(writer)
    try:
        while True:
            kind, length = await reader.readexactly(2)
            mask = await reader.readexactly(4)
            text = bytes(byte ^ mask[place % 4] for place, byte in enumerate(await reader.readexactly(length & 0x7F)))
            if kind & 0x0F == 8:
                writer.write(b"\x88%c" % len(text) + text)
                await writer.drain()
                return
            answer = f"{socket.gethostname()} {text.decode()}".encode()
            writer.write(b"\x81%c" % len(answer) + answer)
            await writer.drain()
    finally:
        open_sockets.discard(writer)


async def main() -> None:
    """Until SIGTERM."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    server = await asyncio.start_server(serve, "0.0.0.0", 8000)  # noqa: S104 - of a container
    await ended.wait()
    server.close()
    for writer in list(open_sockets):
        writer.write(GOING_AWAY)
        await writer.drain()
    await asyncio.sleep(0.5)


if __name__ == "__main__":
    asyncio.run(main())
