from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from app.db.database import SchemaMismatch, StatementTooSlow
from app.errors import DraftQueenError, NotFound
from app.errors.handlers import install_error_handlers

pytestmark = pytest.mark.anyio


class Conflict(DraftQueenError):
    """An error of a part that is yet to be written."""

    status = 409


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (NotFound("There is no such person."), 404, "There is no such person."),
        (Conflict("The board is locked."), 409, "The board is locked."),
        (StatementTooSlow("The database did not respond in time."), 503, "The database did not respond in time. Try again in a moment."),
        (DraftQueenError("The password is in /run/secrets."), 500, "The server could not process this request."),
    ],
)
async def test_an_error_has_the_status_of_its_class(error: DraftQueenError, status: int, detail: str) -> None:
    app = FastAPI()
    install_error_handlers(app, page=lambda _request, _problem: None)

    @app.get("/")
    async def fail() -> None:
        raise error

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://inside") as client:
        response = await client.get("/")
    assert (response.status_code, response.json()["detail"]) == (status, detail)
    assert response.headers.get("retry-after") == ("5" if status == 503 else None)


@pytest.mark.parametrize("error", [NotFound("Nothing has been loaded.", "Run dq."), SchemaMismatch("It does not match.", "Run dq.")])
async def test_in_production_clients_do_not_get_what_operators_can_do(error: DraftQueenError) -> None:
    app = FastAPI()
    install_error_handlers(app, page=lambda _request, _problem: None, cures=False)

    @app.get("/")
    async def fail() -> None:
        raise error

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://inside") as client:
        detail = (await client.get("/")).json()["detail"]
    assert detail.startswith(error.message)
    assert "dq" not in detail
