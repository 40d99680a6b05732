"""The server's side of kept answers: one that is at hand is written at once, before the request becomes a task.

A uvicorn protocol, chosen in :mod:`app.server`. It looks where uvicorn starts a task for a request whose headers are complete. Everything
that is not the plain case (another request of the same connection still running, a client that reads slowly, a connection that
is to close) takes uvicorn's own way, and so does every request when the application has no kept answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

if TYPE_CHECKING:
    from starlette.types import Scope
    from uvicorn._types import ASGI3Application

    from app.http.edge import Edge

#: Under this name the application's lifespan hands its outermost layer to the server.
STATE_KEY = "edge"
#: A request with one of these has a body, which need not have arrived yet.
_BODY = frozenset({b"content-length", b"transfer-encoding"})


class KeptAnswersProtocol(HttpToolsProtocol):
    """HTTP/1.1 by httptools; kept answers leave without a task, an event or a header being looked at again."""

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        edge: Edge | None = self.app_state.get(STATE_KEY)
        if edge is None or app is not self.app or not self._is_plain(cycle):
            super()._start_asgi_task(cycle, app)
            return
        kept = edge.kept(cast("Scope", cycle.scope))
        if kept is None:
            super()._start_asgi_task(cycle, app)
            return
        head, body = kept
        dated = b"".join([b"%b: %b\r\n" % pair for pair in cycle.default_headers])
        self.transport.writelines((b"HTTP/1.1 200 OK\r\n%b%b\r\n" % (dated, head), body))
        cycle.response_started = cycle.response_complete = True
        cycle.on_response()

    def _is_plain(self, cycle: RequestResponseCycle) -> bool:
        """Whether nothing speaks against answering in this very call.

        With answers waiting in a pipeline it would: each one would answer the next from within, as deep as the client likes.
        """
        return (
            cycle.keep_alive
            and not self.pipeline
            and not self.flow.write_paused
            and not cycle.access_log
            and not cycle.waiting_for_100_continue
            and not self.transport.is_closing()
            # a body that comes after its answer would keep the idle connection open for ever
            and not any(name in _BODY for name, _ in cycle.scope["headers"])
        )
