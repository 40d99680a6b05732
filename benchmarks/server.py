"""Runs one application for a benchmark: ``python -m benchmarks.server product|peer|constant FD``, all under the same server."""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

#: About as many bytes as a page of fifty picks.
CONSTANT = b"[" + b"x" * 15_900 + b"]"
_HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(CONSTANT)).encode())]


async def constant(scope: Scope, receive: Receive, send: Send) -> None:
    """The least that a server in this process model can do."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": CONSTANT})


def application(name: str) -> ASGIApp:
    """The application of that name."""
    if name == "constant":
        return constant
    if name == "peer":
        from benchmarks.peer import create_app as create_peer

        return create_peer(os.environ["DATABASE_URL"])
    from app import logging
    from app.main import create_app
    from app.settings import get_settings

    logging.configure(get_settings())
    return create_app()


def main() -> None:
    """Serve until SIGTERM."""
    name, descriptor = sys.argv[1], int(sys.argv[2])
    app = application(name)
    config = uvicorn.Config(app, loop="uvloop", http="httptools", ws="none", log_config=None, access_log=False, server_header=False)
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=descriptor)])


if __name__ == "__main__":
    main()
