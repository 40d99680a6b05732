"""docs/adding-a-service.md shows a service in about ten lines; exactly these lines are built and started here."""

from __future__ import annotations

import json
import re
import sys

from app.compose_variables import PORT_STEP
from tests.conftest import CHECKOUT
from tests.containers.stack import Stack, run, wait_until


def test_the_example_works(another: Stack) -> None:
    page = (CHECKOUT / "docs" / "adding-a-service.md").read_text()
    blocks = dict(re.findall(r"<!-- (\S+) -->\n```\w+\n(.*?)```", page, re.DOTALL))
    service = blocks["compose.dev.yaml"]
    assert len([line for line in service.splitlines() if line.strip()]) <= 12
    compose = another.folder / "compose.dev.yaml"
    compose.write_text(compose.read_text().replace("\n  redis:\n", f"\n{service}\n  redis:\n", 1))
    (another.folder / "app" / "standings.py").write_text(blocks["app/standings.py"])
    variables = another.folder / "app" / "compose_variables.py"
    last = '    ComposeVariable("POSTGRES_PASSWORD"'
    variables.write_text(variables.read_text().replace(last, blocks["app/compose_variables.py"] + last, 1))
    port = 8090 + PORT_STEP * (another.instance - 1)
    run([sys.executable, "-m", "scripts.settings_docs"], cwd=another.folder)
    another.make("up-d")
    wait_until(lambda: another.healthy("standings"), 180, "the new service")
    answer = run(["curl", "-sf", f"http://127.0.0.1:{port}/"]).stdout
    assert json.loads(answer)["picks"] >= 0
    another.execute("api", "pytest", "-q", "-p", "no:xdist", "tests/unit/test_container_files.py", "tests/unit/test_settings.py")
