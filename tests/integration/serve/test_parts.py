"""The parts alone, as containers run them."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.migrations.migrate import upgrade
from tests.support.served import Served
from tests.support.waiting import until

pytestmark = pytest.mark.slow


def test_the_parts_alone_wait_for_a_schema_that_others_make_and_write_json(
    empty_database: str, serve: Callable[..., Served], tmp_path: Path
) -> None:
    shared = {"DATABASE_URL": empty_database, "LOG_FORMAT": "json", "WORKER_LIVENESS_FILE": str(tmp_path / "alive")}
    api, pipeline = serve(**shared).start("--only", "api"), serve(**shared).start("--only", "pipeline")
    api.wait_until_it_answers()
    assert api.get("/health/ready")[0] == 503
    pipeline.wait_for_output("The database schema does not match this code")
    assert not (tmp_path / "alive").exists()
    upgrade(empty_database)
    pipeline.wait_for_output("combine: loaded")
    until(lambda: api.get("/health/ready")[0] == 200 and api.total() > 0 and (tmp_path / "alive").exists(), lambda: api.output)
    for part in (api, pipeline):
        part.send(signal.SIGTERM)
        assert part.wait() == 0
        part.assert_nobody_is_left()
        assert all(isinstance(json.loads(line), dict) for line in part.output.splitlines())


def test_a_part_alone_outlives_a_database_that_is_not_there(serve: Callable[..., Served]) -> None:
    served = serve(DATABASE_URL="postgresql://dq:x@127.0.0.1:1/draft_queen").start("--only", "api")
    served.wait_until_it_answers()
    status, body = served.get("/health/ready")
    assert (status, b"not ready" in body) == (503, True)
    pipeline = serve(DATABASE_URL="postgresql://dq:x@127.0.0.1:1/draft_queen").start("--only", "pipeline")
    pipeline.wait_for_output("Trying again in 2 s")
    pipeline.send(signal.SIGTERM)
    assert pipeline.wait() == 0


def test_files_are_not_for_the_api(serve: Callable[..., Served], tmp_path: Path) -> None:
    served = serve().start("--only", "api", "--from", str(tmp_path))
    assert served.wait() == 2
    assert "--from applies to the pipeline" in served.output
