"""Runs the API in this process: ``python -m app.server``.

It is the same in development and in production. The parent process may pass a listening socket (``--fd``), so that a restart refuses no
request, and a pipe (``--ready-fd``) that gets one line when the server is ready.
"""

import argparse
import asyncio
import gc
import os
import socket
import sys
from contextlib import suppress

import uvicorn

from app import logging
from app.errors import DraftQueenError
from app.settings import Settings, get_settings

DRAIN_SECONDS = 8
"""How long running requests may take to finish when the process is asked to stop."""


ACCEPTED_SECONDS = 0.2
"""How long connections that were accepted a moment ago may take to send their request before a stop closes what is idle."""


class _Server(uvicorn.Server):
    """Reports when it is ready, and on shutdown serves the connections that it has accepted."""

    ready_fd: int | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.enable()
        if self.ready_fd is not None and self.started:
            with suppress(BrokenPipeError):  # the reader has exited; SIGTERM is on its way
                os.write(self.ready_fd, b"ready\n")
            os.close(self.ready_fd)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting connections, wait briefly for requests on the last ones, then end event streams, finish and close."""
        for server in self.servers:
            server.close()
        await asyncio.sleep(ACCEPTED_SECONDS)
        if "draining" in self.lifespan.state:  # else it failed to start
            self.lifespan.state["draining"].set()
        await super().shutdown(sockets)


def configuration(settings: Settings) -> uvicorn.Config:
    """Return uvicorn's configuration; every value that is not its default has its reason next to it."""
    return uvicorn.Config(
        "app.main:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        loop="uvloop",  # asyncio's own loop has a third of the throughput, and 44 ms of delay on an inherited socket
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,  # ours: see app.logging
        access_log=settings.log_level == "DEBUG",  # a line per request costs as much as a cached response
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,  # otherwise one open connection would keep the process running indefinitely
    )


def development() -> uvicorn.Config:
    """Configure the same server for the development loop; exit with an error message when a setting is wrong."""
    try:
        settings = get_settings()
    except DraftQueenError as error:
        sys.exit(f"Error: {error}")
    logging.configure(settings)
    return configuration(settings)


def main() -> None:
    """Serve until SIGTERM or SIGINT, then finish what runs."""
    parser = argparse.ArgumentParser(prog="python -m app.server", description="Run the API.")
    parser.add_argument("--fd", type=int, help="number of an open, listening socket")
    parser.add_argument("--ready-fd", type=int, help="number of an open pipe that gets a line when the server is ready")
    options = parser.parse_args()
    try:
        settings = get_settings()
    except DraftQueenError as error:
        print(f"Error: {error}", file=sys.stderr)  # noqa: T201 - logging is not set up without settings
        sys.exit(error.exit_code)
    logging.configure(settings)
    gc.disable()  # a start creates little garbage, and the searches for it took a fifth of its time
    server = _Server(configuration(settings))
    server.ready_fd = options.ready_fd
    server.run(sockets=None if options.fd is None else [socket.socket(fileno=options.fd)])
    sys.exit(0 if server.started else 1)


if __name__ == "__main__":
    main()
