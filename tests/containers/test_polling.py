"""POLLING of the host reaches the development loops in the containers, and the doctor there says what they do."""

from __future__ import annotations

import json

from tests.containers.stack import ALIVE, Stack, wait_until


def test_the_stack_polls_when_it_is_asked_to(another: Stack) -> None:
    another.make("up-d", POLLING="on")
    for service in ("api", "pipeline"):
        wait_until(lambda service=service: "by polling every 0.3 s: polling is on" in another.compose("logs", service).stdout, 60, service)  # type: ignore[misc]
    said = another.execute("api", "dq", "doctor", "--json", check=False).stdout
    findings = {finding["name"]: finding for finding in map(json.loads, said.splitlines())}
    assert findings["inotify"]["message"] == "Hot reload polls: polling is on"
    schemas = another.folder / "app" / "health" / "schemas.py"
    schemas.write_text(schemas.read_text().replace(ALIVE, ALIVE.replace("ok", "edited")))
    wait_until(lambda: b"edited" in another.get("/health")[1], 60, "the edit")
