"""`make up`, the dev container and `make deploy` do not start a PostgreSQL next to the data of another version."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT
from tests.support.waiting import free_ports
from tests.unit.stack.conftest import GOOD

#: An engine with this volume; its image reports its own version and those in the volume.
WITH_VOLUME = f"""case "$*" in
  "compose config") printf '%s\\n' 'name: mine' volumes: '  data:' '    name: other' '  database:' '    name: mine-database' ;;
  "compose config --images db") echo postgres:18-trixie ;;
  "compose ps --quiet --status running db") {{running}} ;;
  "compose ps "* | "ps "*) ;;
  "volume inspect mine-database") {{volume}} ;;
  "image inspect postgres:18-trixie") {{image}} ;;
  "run "*) printf '{{versions}}' ;;
  "compose up"* | "compose build"*) echo "$*" >>"{{started}}" ;;
  *) {GOOD.format(compose="2.40.3", security="")} ;;
esac"""


def check(checkout: Path, environment: dict[str, str], command: str = "check") -> subprocess.CompletedProcess[str]:
    environment = {**environment, "INSTANCE": "20"}
    return subprocess.run(["bash", "scripts/stack.sh", command], cwd=checkout, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", ["check", "up"])
def test_a_volume_of_another_version_stops_the_start(
    checkout: Path, tmp_path: Path, engine: Callable[[str], dict[str, str]], command: str
) -> None:
    started = tmp_path / "started"
    environment = engine(WITH_VOLUME.format(running="true", volume="true", image="true", versions="18\\n16\\n17\\n", started=started))
    ended = check(checkout, environment, command)
    assert ended.returncode == 1
    assert ended.stderr.startswith(
        "draft-queen: the volume mine-database holds a database of PostgreSQL 17, and postgres:18-trixie is PostgreSQL 18"
    )
    assert "move its data with a dump, as docs/troubleshooting.md shows" in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert not started.exists()


@pytest.mark.parametrize(
    "case",
    [
        {"versions": "18\\n18\\n"},
        {"versions": "18\\n17\\n18\\n"},
        {"versions": "18\\n"},
        {"versions": ""},
        {"versions": "18\\n17\\n", "volume": "exit 1"},
        {"versions": "18\\n17\\n", "image": "exit 1"},
        {"versions": "18\\n17\\n", "running": "echo id"},
    ],
)
def test_anything_else_may_start(checkout: Path, tmp_path: Path, engine: Callable[[str], dict[str, str]], case: dict[str, str]) -> None:
    state = {"running": "true", "volume": "true", "image": "true", "started": str(tmp_path / "started"), **case}
    ended = check(checkout, engine(WITH_VOLUME.format(**state)))
    assert (ended.returncode, ended.stderr) == (0, "")


#: What a deploy asks; the container with the volume is a shell with this folder in its place.
PRODUCTION = """echo "$*" >>"$HOME/asked"
case "$*" in
  *" config") printf '%s\\n' 'name: mine' volumes: '  database:' '    name: mine-database' ;;
  *" config --images db") echo postgres:18-trixie ;;
  *" up "*) exit 1 ;;
  "run "*) script=${{*: -1}}; PG_MAJOR=18 bash -c "${{script//\\/volume/{volume}}}" ;;
esac"""


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed here")
@pytest.mark.parametrize(
    ("databases", "refused"),
    [
        ({"PG_VERSION": "17"}, True),
        ({"data/PG_VERSION": "17"}, True),
        ({"17/docker/PG_VERSION": "17"}, True),
        ({"17/docker/PG_VERSION": "17", "18/docker/PG_VERSION": "18"}, False),
        ({}, False),
    ],
)
def test_a_deploy_looks_into_the_volume_before_it_starts_anything(
    checkout: Path, tmp_path: Path, engine: Callable[[str], dict[str, str]], databases: dict[str, str], refused: bool
) -> None:
    for script in (CHECKOUT / "scripts").glob("*.sh"):
        shutil.copy(script, checkout / "scripts")
    volume = tmp_path / "volume"
    volume.mkdir()
    for name, version in databases.items():
        (volume / name).parent.mkdir(parents=True, exist_ok=True)
        (volume / name).write_text(f"{version}\n")
    environment = engine(PRODUCTION.format(volume=volume)) | {
        "RELEASE": "r1",
        **dict(zip(("HTTP_PORT", "HTTPS_PORT"), map(str, free_ports(2)), strict=True)),
    }
    subprocess.run(["bash", "scripts/secrets.sh", "make"], cwd=checkout, env=environment, capture_output=True, check=True)
    ended = subprocess.run(
        ["bash", "scripts/deploy.sh", "deploy"], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )
    said = "the volume mine-database holds a database of PostgreSQL 17, and postgres:18-trixie is PostgreSQL 18"
    assert (said in ended.stderr) is refused, ended.stderr
    asked = (tmp_path / "asked").read_text()
    assert "--volume mine-database:/volume:ro" in asked
    assert (re.search(r" (build|up|pull) ", asked) is None) is refused
