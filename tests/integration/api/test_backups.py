"""What the API says of the backups, where some are expected: a warning, never a refusal."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from tests.integration.api.conftest import Api, serve


@pytest.fixture
def api(database: str, tmp_path: Path) -> Iterator[Api]:
    """Over a database of its own; backups may be 26 hours old."""
    with serve(database, tmp_path, backup_max_age_hours=26.0) as one:
        yield one


def write(api: Api, *rows: tuple[float, str | None]) -> None:
    """Backups of so many hours ago, verified when there is no problem."""

    async def insert() -> None:
        connection = await asyncpg.connect(api.state["settings"].database_url)
        try:
            for hours, problem in rows:
                began = datetime.now(UTC) - timedelta(hours=hours)
                await connection.execute(
                    "insert into database_backups (name, started_at, finished_at, size_bytes, verified_at, problem)"
                    " values ($1, $2, $2, 1000000, $3, $4)",
                    began.isoformat(),
                    began,
                    None if problem else began,
                    problem,
                )
        finally:
            await connection.close()

    asyncio.run(insert())


def numbers(api: Api) -> dict[str, float]:
    lines = [line.split() for line in api.get("/metrics").text.splitlines() if line.startswith("dq_backup")]
    return {name: float(value) for name, value in lines}


@pytest.mark.parametrize(
    ("rows", "ok", "sentence"),
    [
        ((), False, "warning: no verified backup"),
        (((2, None),), True, "the last verified backup is 2.0 hours old"),
        (((50, None), (2, None)), True, "the last verified backup is 2.0 hours old"),
        (((30, None),), False, "warning: the last verified backup is 30.0 hours old, more than 26"),
        (((5, None), (1, "no room")), False, "warning: the last verified backup is 5.0 hours old; the last one failed: no room"),
        (((1, "no room"),), False, "warning: no verified backup; the last one failed: no room"),
    ],
)
def test_readiness_warns_and_stays_ready(api: Api, rows: tuple[tuple[float, str | None], ...], ok: bool, sentence: str) -> None:
    write(api, *rows)
    response = api.get("/health/ready")
    assert (response.status_code, response.json()["status"]) == (200, "ready")
    check = response.json()["checks"]["backup"]
    assert (check["ok"], check["detail"]) == (ok, sentence)


def test_metrics_have_age_size_and_outcome(api: Api) -> None:
    assert numbers(api) == {"dq_backup_last_failed": 0.0}
    write(api, (3, None))
    found = numbers(api)
    assert found["dq_backup_verified_age_seconds"] == pytest.approx(3 * 3600, abs=60)
    assert found["dq_backup_verified_size_bytes"] == 1_000_000
    assert found["dq_backup_last_failed"] == 0
    write(api, (1, "no room"))
    assert numbers(api)["dq_backup_last_failed"] == 1
    assert numbers(api)["dq_backup_verified_age_seconds"] == pytest.approx(3 * 3600, abs=60)


def test_without_the_database_the_other_metrics_are_there(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.health.metrics.read_state", unavailable)
    text = api.get("/metrics").text
    assert "dq_backup" not in text
    assert "dq_http_requests_total" in text


async def unavailable(_context: object) -> None:
    from app.db.database import DatabaseUnavailable

    raise DatabaseUnavailable("The database cannot be reached.")
