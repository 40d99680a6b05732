"""docs/adding-a-service.md, followed in a checkout whose development stack then starts: the new service answers from the database."""

from __future__ import annotations

import json

from app.compose_variables import PORT_STEP
from tests.containers.stack import Stack, run, wait_until
from tests.support.guide import SERVICE, follow


def test_the_guides_service_answers(another: Stack) -> None:
    follow(another.folder)
    another.make("up-d")
    wait_until(lambda: another.healthy(SERVICE), 180, "the new service")
    port = 8090 + PORT_STEP * (another.instance - 1)
    answer = run(["curl", "-sf", f"http://127.0.0.1:{port}/"]).stdout
    assert json.loads(answer)["picks"] >= 0
    tests = [f"tests/unit/test_{name}.py" for name in ("container_files", "production_files", "settings")]
    another.execute("api", "pytest", "-q", "-p", "no:xdist", *tests)
