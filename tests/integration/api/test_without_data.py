"""Before the first load, and before the first migration."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncpg

from app.db.schema_version import COMPATIBLE_PREFIX, head

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tests.integration.api.conftest import Api

LISTS = (
    "draft-picks",
    "combine",
    "people",
    "colleges",
    "changes",
    "etl/runs",
    "quality/issues",
    "quality/findings",
    "quality/decisions",
    "analytics/value-over-expected",
    "analytics/class-strength",
)


def test_before_the_first_load(database: str, serving: Callable[[str], AbstractContextManager[Api]]) -> None:
    with serving(database) as api:
        assert api.get("/health/ready").status_code == 200
        for path in LISTS:
            page = api.v1(path).json()
            assert (page["items"], page["total"], page["next"], page["dataset_version"]) == ([], 0, None, "0.0"), path
        assert api.v1("franchises").json()["items"] == []
        assert api.v1("draft-picks", format="json").json() == []
        [rate] = api.items("analytics/hit-rates")
        assert (rate["n"], rate["rate"], rate["note"]) == (0, None, "No selection passes the filters.")
        model = api.v1("analytics/expected-value").json()
        assert (model["items"], model["slope"], model["note"]) == ([], None, "No selections of 1994 to 2015 are loaded.")
        assert api.v1("quality/completeness").json()["items"] == []
        assert api.v1("exports/draft_picks.csv").status_code == 404
        assert api.v1("draft-picks", franchise="KC").status_code == 422
        for path, sentence in (
            ("/trades", "No trade matches"),
            ("/scatter", "No prospect with both"),
            ("/compare", "Add them by name"),
            ("/franchises", "No class has been loaded yet"),
            ("/colleges", "No college matches"),
        ):
            page = api.get(path)
            assert (page.status_code, sentence in page.text) == (200, True), path
        calculator = api.get("/trade-calculator?gave=1")
        assert (calculator.status_code, "No pick values have been loaded yet." in calculator.text) == (422, True)


def test_while_newer_code_has_only_added_to_the_schema(database: str, serving: Callable[[str], AbstractContextManager[Api]]) -> None:
    async def pretend(statement: str) -> None:
        connection = await asyncpg.connect(database)
        await connection.execute(statement)
        await connection.close()

    with serving(database) as api:
        asyncio.run(pretend("update alembic_version set version_num = '2999_future'"))
        assert api.get("/health/ready").status_code == 503
        asyncio.run(pretend(f"comment on table alembic_version is '{COMPATIBLE_PREFIX}{head()}'"))
        ready = api.get("/health/ready")
        assert ready.status_code == 200
        assert ready.json()["checks"]["schema"]["detail"] == f"at 2999_future, which only adds to {head()}"


def test_before_the_first_migration(empty_database: str, serving: Callable[[str], AbstractContextManager[Api]]) -> None:
    with serving(empty_database) as api:
        for path in ("/api/v1/draft-picks", "/api/v1/people/1", "/api/v1/combine?format=csv"):
            response = api.get(path)
            assert response.status_code == 503, (path, response.text)
            assert "dq db migrate" in response.json()["detail"], path
        ready = api.get("/health/ready")
        assert ready.status_code == 503
        assert ready.json()["checks"]["schema"]["ok"] is False
        assert "`make migrate` in development" in ready.json()["checks"]["schema"]["detail"]
        assert api.get("/health").status_code == 200
