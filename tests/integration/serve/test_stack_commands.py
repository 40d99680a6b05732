"""The commands of compose.dev.yaml, run here as in their containers."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.migrations.migrate import upgrade
from tests.conftest import CHECKOUT
from tests.support.compose import services
from tests.support.served import LINUX, Served
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, LINUX]

COMPOSE = services(CHECKOUT / "compose.dev.yaml")
NOWHERE = "postgresql://dq:x@127.0.0.1:1/draft_queen"


@pytest.fixture
def start(serve: Callable[..., Served]) -> Callable[..., Served]:
    """Starts the command of a service, on ports that are free here."""

    def start_command(service: str, **environment: str) -> Served:
        served = serve(**environment)
        program, *arguments = COMPOSE[service]["command"]
        ports = [] if program != "devloop" else ["--debug-port", "0", *(() if "run" in arguments else ("--port", str(served.port)))]
        return served.start_program([str(Path(sys.executable).parent / program), *arguments, *ports])

    return start_command


def test_they_wait_for_a_schema_that_others_make_and_write_json(empty_database: str, start: Callable[..., Served], tmp_path: Path) -> None:
    as_json = {"LOG_FORMAT": "json", "DEVLOOP_LOG_FORMAT": "json"}
    shared = {"DATABASE_URL": empty_database, "WORKER_LIVENESS_FILE": str(tmp_path / "alive"), **as_json}
    api, pipeline = start("api", **shared), start("pipeline", **shared)
    api.wait_until_it_answers()
    assert api.get("/health/ready")[0] == 503
    pipeline.wait_for_output("schema_not_ready")
    upgrade(empty_database)
    loaded = start("load", **shared)
    assert loaded.wait() == 0
    assert "combine: loaded" in loaded.output
    pipeline.wait_for_output("worker_ready")
    until(lambda: api.get("/health/ready")[0] == 200 and api.total() > 0 and (tmp_path / "alive").exists(), lambda: api.output)
    for part in (api, pipeline):
        part.send(signal.SIGTERM)
        assert part.wait() == 0
        part.assert_nobody_is_left()
    for part in (api, pipeline, loaded):
        assert part.output
        assert all(isinstance(json.loads(line), dict) for line in part.output.splitlines())
    again = start("load", **shared)
    assert again.wait() == 0
    assert "the existing synthetic league is kept" in again.output


def test_they_outlive_a_database_that_is_not_there(start: Callable[..., Served]) -> None:
    api, pipeline = start("api", DATABASE_URL=NOWHERE), start("pipeline", DATABASE_URL=NOWHERE)
    api.wait_until_it_answers()
    status, body = api.get("/health/ready")
    assert (status, b"not ready" in body) == (503, True)
    pipeline.wait_for_output("database_away")
    pipeline.send(signal.SIGTERM)
    assert pipeline.wait() == 0


def test_a_setting_that_is_wrong_is_one_message_and_ends_nothing(start: Callable[..., Served]) -> None:
    """The container goes on, and an edit of .env is enough to correct it."""
    api = start("api", DATABASE_URL=NOWHERE, LOG_LEVEL="loud")
    api.wait_for_output("the code does not start, requests get the error until the next edit")
    assert "LOG_LEVEL" in api.output
    assert "Traceback" not in api.output
    until(lambda: b"LOG_LEVEL" in api.get("/health")[1], lambda: api.output)
