"""The API as clients meet it: a server on a free port, over a real database."""

from __future__ import annotations

import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from app.http.dependencies import current_settings
from app.http.state import AppState
from app.main import create_app
from app.settings import Settings
from tests.support.waiting import PATIENCE, until

if TYPE_CHECKING:
    from tests.conftest import Server


class Api(httpx.Client):
    """A client of one running server; ``app`` is the application inside it, ``state`` what its lifespan has opened."""

    app: FastAPI
    state: AppState

    def change_settings(self, **changed: object) -> None:
        """From now on handlers see these settings."""
        settings = self.state["settings"].model_copy(update=changed)
        self.app.dependency_overrides[current_settings] = lambda: settings

    def items(self, path: str, **parameters: object) -> list[dict[str, object]]:
        """The items of a page that must be there."""
        response = self.v1(path, **parameters)
        assert response.status_code == 200, response.text
        items: list[dict[str, object]] = response.json()["items"]
        return items

    def v1(self, path: str, **parameters: object) -> httpx.Response:
        """Any answer below /api/v1."""
        return self.get(f"/api/v1/{path}", params={name: str(value) for name, value in parameters.items()})


@contextmanager
def serve(
    dsn: str, data_dir: Path, exports_dir: Path | None = None, *, statement_timeout: float = 15, **settings_changed: object
) -> Iterator[Api]:
    """Run the application until the block ends."""
    settings = Settings(
        environment="test",
        database_url=dsn,
        database_pool_size=8,
        database_statement_timeout_seconds=statement_timeout,
        data_dir=data_dir,
        exports_dir=exports_dir,
        log_level="WARNING",
        streams_per_minute=0,
        exports_per_minute=0,
        searches_per_minute=0,
    ).model_copy(update=settings_changed)
    app = create_app(settings)
    opened: list[AppState] = []
    lifespan = app.router.lifespan_context

    @asynccontextmanager
    async def observed(app: FastAPI) -> AsyncIterator[AppState]:
        async with lifespan(app) as state:
            opened.append(cast("AppState", state))
            yield opened[0]

    app.router.lifespan_context = observed
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(app, loop="uvloop", http="httptools", lifespan="on", log_config=None, access_log=False, timeout_graceful_shutdown=2)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()

    def started() -> bool:
        assert thread.is_alive(), "the server did not start"
        return server.started

    until(started, lambda: "the server took too long to start")
    with Api(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=PATIENCE) as api:
        api.app, api.state = app, opened[0]
        yield api
    server.should_exit = True
    thread.join(10)
    listener.close()


@pytest.fixture(scope="session")
def league_api(server: Server, league_dsn: str, league_exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The synthetic league. A copy of it: nobody could make copies of a database that a server is connected to."""
    assert league_dsn
    with server.new("league") as dsn, serve(dsn, tmp_path_factory.mktemp("league"), league_exports) as api:
        yield api


@pytest.fixture(scope="session")
def real_api(server: Server, real_dsn: str, real_exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A copy of the real data; skipped where they are not."""
    assert real_dsn
    with server.new("real") as dsn, serve(dsn, tmp_path_factory.mktemp("real"), real_exports) as api:
        yield api


@pytest.fixture
def serving(tmp_path: Path) -> Callable[[str], AbstractContextManager[Api]]:
    """Serve a database of the test's own."""
    return lambda dsn: serve(dsn, tmp_path)
