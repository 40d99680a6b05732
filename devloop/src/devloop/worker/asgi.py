"""The worker that serves requests: uvicorn, which starts up while its predecessor still serves, and stops when its successor is ready."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import select
import socket
from functools import partial

import uvicorn

from devloop.channel import Channel
from devloop.errors import summary
from devloop.listener import Listener
from devloop.messages import Accepting, Fork, Go, Join, Refresh, Stale, Stop, Stopped, decode
from devloop.worker.configuration import configuration
from devloop.worker.connections import Connections
from devloop.worker.joining import join_while_running
from devloop.worker.refresh import PREFIX, PageOrigin, PageRefresh
from devloop.worker.report import Report

#: How long connections with TLS that were accepted a moment ago may take to send their request before a stop closes what is idle.
_ACCEPTED_SECONDS = 0.2
#: Requests that are still being handled are cut so long before the supervisor would end the process: clients get an end, not a reset.
_CUT_BEFORE_END_SECONDS = 1
#: When the list of loaded modules is reported: after the first requests, which import something as well.
_REPORT_AFTER_SECONDS = 0.1

GENERATION = "x-devloop-generation"
STALE = "x-devloop-stale"


def serve(target: object, job: Fork, channel: Channel, listener: Listener, generation: int, report: Report, *, joined: bool) -> int:
    """Serve until stopped; exit code 3 when the application did not start up."""
    errors = _Errors()
    logging.getLogger("uvicorn.error").addHandler(errors)
    config = configuration(target, job.server, factory=job.factory)
    logging.getLogger("uvicorn.access").addFilter(_is_of_the_application)
    config.timeout_graceful_shutdown = max(1, int(job.grace - _CUT_BEFORE_END_SECONDS))
    config.headers.append((GENERATION, str(generation)))
    logging.getLogger("uvicorn.error").addHandler(errors)  # again: the configuration may have set up logging
    config.load()
    pages = PageRefresh(config.loaded_app, PageOrigin(job.supervisor, generation, config.root_path))
    connections = Connections(pages, listener, config.http_protocol_class)
    config.loaded_app = connections
    config.http_protocol_class = connections.protocol  # type: ignore[assignment]
    server = _Server(config, channel, pages, connections, errors, report)
    server.joined = joined
    try:
        server.run(sockets=[listener.socket])
    except SystemExit:
        channel.send(report.failed(errors.text() or "The application did not start up."))
        return 3
    return 0 if server.started else 3


def _is_of_the_application(record: logging.LogRecord) -> bool:
    """Filter out the requests by which pages in browsers wait for an edit."""
    arguments = record.args
    return not (isinstance(arguments, tuple) and len(arguments) > 2 and PREFIX in str(arguments[2]))


def _named_briefly(record: logging.LogRecord) -> bool:
    """Replace the traceback of a request that is cut, which says no more than where it was waiting."""
    if record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError):
        record.msg, record.args, record.exc_info = "A request was cut: the old process had to end (--grace)", None, None
    return True


class _Errors(logging.Handler):
    """Collects what the server logs about a start-up that fails: its traceback is not available otherwise."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if not record.getMessage().startswith("Application startup failed"):  # the last line should say why
            self._lines.append(logging.Formatter().format(record).rstrip())

    def text(self) -> str:
        return "\n".join(self._lines)


class _Server(uvicorn.Server):
    """Starts up, waits for its turn, and stops without refusing a request."""

    def __init__(
        self, config: uvicorn.Config, channel: Channel, pages: PageRefresh, connections: Connections, errors: _Errors, report: Report
    ) -> None:
        super().__init__(config)
        self._errors = errors
        self.joined = False
        self._channel = channel
        self._pages = pages
        self._connections = connections
        self._adopting: set[asyncio.Task[object]] = set()
        self._report = report

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start up the application while its predecessor serves; accept connections when the predecessor has stopped."""
        loop = asyncio.get_running_loop()
        start_up = self.lifespan.startup

        async def start_up_and_wait() -> None:
            await start_up()
            if not self.lifespan.should_exit:
                self._channel.send(self._report.prepared())
                self._channel.socket.setblocking(False)
                while not isinstance(message := await self._channel.next(), Go):
                    if message is None:
                        os._exit(0)
                    self._take(message)

        self.lifespan.startup = start_up_and_wait
        await super().startup(sockets)
        self._channel.send(Accepting())
        logging.getLogger("uvicorn.error").removeHandler(self._errors)
        gc.freeze()
        gc.enable()
        loop.add_reader(self._channel.socket, self._hear)
        loop.add_reader(self._connections.listener.front, self._adopt)
        waiting = select.poll()
        waiting.register(self._channel.socket, select.POLLIN)
        self._connections.hear = lambda: self._hear() if waiting.poll(0) else None
        loop.call_later(_REPORT_AFTER_SECONDS, lambda: self._channel.send(self._report.loaded()))

    def _hear(self) -> None:
        while True:
            try:
                packet = self._channel.socket.recv(1 << 20)
            except BlockingIOError:
                return
            if not packet:  # the supervisor has ended
                asyncio.get_running_loop().remove_reader(self._channel.socket)
                self.should_exit = True
                return
            self._take(decode(packet))

    def _adopt(self) -> None:
        """Take the connections that the predecessor has left."""
        loop = asyncio.get_running_loop()
        while found := self._connections.listener.take():
            connection, data = found
            protocol = partial(
                self._connections.protocol, data=data, app_state=self.lifespan.state, config=self.config, server_state=self.server_state
            )
            task = loop.create_task(loop.connect_accepted_socket(protocol, connection))
            self._adopting.add(task)
            task.add_done_callback(self._adopting.discard)

    def _take(self, message: object) -> None:
        match message:
            case Stop():
                self._stop_accepting()
            case Join():
                self.joined = True
                join_while_running(message, self._channel)
            case Stale(error):
                self._set_stale(error)
            case Refresh():
                self._pages.refresh()
            case _:
                pass

    def _stop_accepting(self) -> None:
        loop = asyncio.get_running_loop()
        for server in self.servers:
            for sock in server.sockets:
                loop.remove_reader(sock)
            # Not now: asyncio drops connections that it has accepted and not yet given a transport. In this process alone: the supervisor
            # holds the socket.
            loop.call_soon(server.close)
        loop.remove_reader(self._connections.listener.front)
        logging.getLogger("uvicorn.error").addFilter(_named_briefly)
        self._connections.leave()
        self._channel.send(Stopped())
        if self.joined:
            self.config.timeout_graceful_shutdown = None  # a user may be stepping through a request; the supervisor knows when this ends
        self._pages.leave()
        loop.call_later(_ACCEPTED_SECONDS if self.config.is_ssl else 0, setattr, self, "should_exit", True)

    def _set_stale(self, error: str) -> None:
        headers = self.config.encoded_headers
        headers[:] = [pair for pair in headers if pair[0] != STALE.encode()]
        if error:
            headers.append((STALE.encode(), summary(error)[:200].encode("ascii", "backslashreplace")))
        default = [pair for pair in self.server_state.default_headers if pair[0] != STALE.encode()]
        self.server_state.default_headers = default + [pair for pair in headers if pair[0] == STALE.encode()]
        self._pages.stale(error)
