"""``dq doctor`` with a real database: behind, ahead, empty, as it should be, and its clock."""

from __future__ import annotations

import asyncio
import dataclasses
import time

import asyncpg
import pytest

from cli.doctor import clock, database
from cli.doctor.finding import Finding
from cli.doctor.machine import Machine
from cli.migrations.migrate import downgrade
from tests.conftest import run_apart
from tests.integration.cli.conftest import Dq

#: The cures are those of the host, wherever this test runs.
HOST = dataclasses.replace(Machine.here(), in_container=False, mounted=False)


def look(environment: pytest.MonkeyPatch, dsn: str) -> Finding:
    environment.setenv("DATABASE_URL", dsn)
    found = database.check(HOST)
    assert len(found) == 1
    return found[0]


def execute(dsn: str, statement: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(dsn)
        await connection.execute(statement)
        await connection.close()

    asyncio.run(run())


def test_the_schema_of_this_code_is_well(environment: pytest.MonkeyPatch, database: str) -> None:
    assert look(environment, database).state == "ok"


def test_an_older_schema_is_a_problem(environment: pytest.MonkeyPatch, database: str) -> None:
    run_apart(lambda: downgrade(database, "-1"))
    found = look(environment, database)
    assert (found.state, found.cure) == ("problem", "run `make migrate`")
    assert "older than this code's" in found.message


def test_an_empty_database_is_a_problem(environment: pytest.MonkeyPatch, empty_database: str) -> None:
    found = look(environment, empty_database)
    assert (found.state, found.message, found.cure) == ("problem", "The database has no tables yet", "run `make migrate`")


def test_a_newer_schema_is_a_problem(environment: pytest.MonkeyPatch, database: str) -> None:
    execute(database, "update alembic_version set version_num = '2999_future'")
    found = look(environment, database)
    assert found.state == "problem"
    assert "2999_future was written by newer code: `git pull`" in str(found)


def test_a_database_that_is_not_there_is_a_problem(environment: pytest.MonkeyPatch, database: str) -> None:
    found = look(environment, database.replace("/t_", "/missing_"))
    assert "does not have the database: create it" in str(found)


@pytest.mark.parametrize(("offset", "state"), [(0.0, "ok"), (30.0, "warning"), (-30.0, "warning")])
def test_clocks_are_compared(environment: pytest.MonkeyPatch, database: str, offset: float, state: str) -> None:
    environment.setenv("DATABASE_URL", database)
    found = clock.check(HOST, now=lambda: time.time() + offset)
    assert [each.state for each in found] == [state, state]


def test_the_command_shows_it(dq: Dq, database: str) -> None:
    execute(database, "update alembic_version set version_num = '2999_future'")
    answer = dq("doctor", "--json", dsn=database)
    assert answer.code == 1
    assert [line["state"] for line in answer.lines if line["name"] == "database"] == ["problem"]
    assert "written by newer code" in dq("doctor").out
