"""A handler that writes: its changes are committed in one place, before the response, and together or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal

import pytest
from fastapi import APIRouter, HTTPException
from sqlalchemy import func, select
from structlog.testing import capture_logs

from app.db.models import DatabaseBackup
from app.http.dependencies import SessionDep
from tests.conftest import Server
from tests.integration.api.conftest import Api, serve

router = APIRouter()
End = Literal["returns", "refuses", "crashes", "misses a file", "writes it twice", "writes it twice, unseen"]


@router.post("/backups/{name}")
async def record(name: str, end: End, session: SessionDep) -> dict[str, int]:
    session.add(DatabaseBackup(name=name, started_at=datetime.now(UTC)))
    await session.flush()
    match end:
        case "refuses":
            raise HTTPException(409)
        case "crashes":
            raise RuntimeError("a defect")
        case "misses a file":
            raise FileNotFoundError("/nowhere")
        case "writes it twice":
            session.expunge_all()
            session.add(DatabaseBackup(name=name, started_at=datetime.now(UTC)))
            await session.flush()
        case "writes it twice, unseen":
            session.expunge_all()
            session.add(DatabaseBackup(name=name, started_at=datetime.now(UTC)))
    return {"recorded": 1}


@router.get("/backups")
async def count(session: SessionDep) -> int:
    return await session.scalar(select(func.count()).select_from(DatabaseBackup)) or 0


@pytest.fixture(scope="module")
def api(server: Server, migrated: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An application with handlers that write."""
    with capture_logs(), server.new(migrated) as dsn, serve(dsn, tmp_path_factory.mktemp("sessions")) as one:
        one.app.include_router(router)
        yield one


@pytest.mark.parametrize(
    ("end", "status", "recorded"),
    [
        ("returns", 200, 1),
        ("refuses", 409, 0),
        ("crashes", 500, 0),
        ("misses a file", 500, 0),
        ("writes it twice", 500, 0),
        ("writes it twice, unseen", 500, 0),
    ],
)
def test_what_a_handler_writes_is_committed_when_it_returns(api: Api, end: End, status: int, recorded: int) -> None:
    before = api.get("/backups").json()
    response = api.post(f"/backups/{end}", params={"end": end})
    assert response.status_code == status, response.text
    assert api.get("/backups").json() == before + recorded
    assert api.state["context"].database.pool.checkedout() == 1, "only the one that listens for changes"
