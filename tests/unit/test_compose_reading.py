"""The other tests read the compose files without Compose (tests/support/compose.py): here both readings are held against each other."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CHECKOUT
from tests.support import compose
from tools.compose_variables import COMPOSE_VARIABLES

VALUES = {variable.name: variable.default or "1000" for variable in COMPOSE_VARIABLES} | {"GIT_COMMON_DIR": "/x", "CHECKOUT_DIR": "/x"}
PRODUCTION = {"IMAGE_TAG": "r1", "PULL_POLICY": "missing", "API_REPLICAS": "3", "SECRETS_DIR": "./secrets", "COMPOSE_PROJECT_NAME": "named"}


def has_compose() -> bool:
    """Reading a file needs no engine."""
    return (
        shutil.which("docker") is not None
        and subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0
    )


@pytest.mark.skipif(not has_compose(), reason="Docker Compose is not installed")
@pytest.mark.parametrize(("file", "values"), [("compose.dev.yaml", VALUES), ("compose.dev.yaml", {}), ("compose.prod.yaml", PRODUCTION)])
def test_compose_reads_the_same(file: str, values: dict[str, str], tmp_path: Path) -> None:
    env = tmp_path / "env"
    env.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    command = ["docker", "compose", "-f", file, "--env-file", str(env), "--profile", "*", "config", "--format", "json"]
    alone = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    ran = subprocess.run(command, cwd=CHECKOUT, env=alone, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    theirs = json.loads(ran.stdout)["services"]
    ours = compose.load(CHECKOUT / file, values)["services"]
    assert ours.keys() == theirs.keys()
    for name in ours:
        assert parts(ours[name]) == parts(theirs[name]), name


def parts(service: dict[str, Any]) -> dict[str, Any]:
    """What the comparisons of development and production look at."""
    return {
        "image": service["image"],
        "target": service.get("build", {}).get("target"),
        "command": service.get("command"),
        "entrypoint": service.get("entrypoint"),
        "environment": {key: str(value) for key, value in service.get("environment", {}).items()},
        "order": {key: value["condition"] for key, value in service.get("depends_on", {}).items()},
        "check": service.get("healthcheck", {}).get("test"),
        "user": service.get("user"),
        "rights": (service.get("cap_drop"), service.get("security_opt"), service.get("read_only")),
        "replicas": int(service.get("deploy", {}).get("replicas", 1)),
    }
