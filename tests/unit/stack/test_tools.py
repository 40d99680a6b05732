"""`make tools`: Adminer and the Redis browser, in this start and in later ones."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT
from tests.unit.stack.conftest import GOOD, values
from tools.compose_variables import COMPOSE_VARIABLES

DEFAULTS = {variable.name: variable.default for variable in COMPOSE_VARIABLES}

#: An engine whose API is healthy at once; what it is asked for goes into a file, with the profiles.
RUNNING = f"""echo "[${{{{COMPOSE_PROFILES:-}}}}] $*" >>"{{asked}}"
case "$*" in
  "compose ps --all --quiet api") echo api ;;
  "inspect --format "*) echo "running healthy 0 0" ;;
  "compose up"*) exit {{code}} ;;
  *) {GOOD.format(compose="2.40.3", security="")} ;;
esac"""


def run(folder: Path, environment: dict[str, str], command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "scripts/stack.sh", command],
        cwd=folder,
        env={**environment, "INSTANCE": "20"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("before", "after"), [("", "tools"), ("tools", "tools"), ("debug", "debug,tools"), ("tools,debug", "tools,debug")])
def test_the_profile_is_noted_and_the_addresses_are_shown(
    checkout: Path, tmp_path: Path, engine: Callable[[str], dict[str, str]], before: str, after: str
) -> None:
    asked = tmp_path / "asked"
    environment = engine(RUNNING.format(asked=asked, code=0))
    (checkout / ".env").write_text(f"COMPOSE_PROFILES={before}\n")
    ended = run(checkout, environment, "tools")
    assert ended.returncode == 0, ended.stderr
    assert values(checkout)["COMPOSE_PROFILES"] == after
    assert f"[{after}] compose up --detach --remove-orphans" in asked.read_text()
    port = {name: int(DEFAULTS[name]) + 200 * 19 for name in ("ADMINER_PORT", "REDIS_COMMANDER_PORT")}
    assert f"\n  Adminer        http://127.0.0.1:{port['ADMINER_PORT']}/\n" in ended.stdout
    assert f"\n  Redis browser  http://127.0.0.1:{port['REDIS_COMMANDER_PORT']}/\n" in ended.stdout
    assert "Adminer" in run(checkout, environment, "up").stdout  # every later start has them


def test_without_the_profile_there_are_none(checkout: Path, tmp_path: Path, engine: Callable[[str], dict[str, str]]) -> None:
    ended = run(checkout, engine(RUNNING.format(asked=tmp_path / "asked", code=0)), "up")
    assert ended.returncode == 0, ended.stderr
    assert "Adminer" not in ended.stdout
    # one that was stopped has lost its network when the rest was taken down
    assert "compose --profile tools rm --force adminer redis-commander" in (tmp_path / "asked").read_text()


def test_a_start_that_fails_notes_nothing(checkout: Path, tmp_path: Path, engine: Callable[[str], dict[str, str]]) -> None:
    assert run(checkout, engine(RUNNING.format(asked=tmp_path / "asked", code=1)), "tools").returncode == 1
    assert values(checkout)["COMPOSE_PROFILES"] == ""


def test_adminer_is_where_people_look_for_it() -> None:
    assert (DEFAULTS["ADMINER_PORT"], DEFAULTS["REDIS_COMMANDER_PORT"]) == ("8081", "8082")


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_down_takes_every_profile(checkout: Path, tmp_path: Path, engine: Callable[[str], dict[str, str]]) -> None:
    shutil.copy(CHECKOUT / "Makefile", checkout / "Makefile")
    environment = engine(RUNNING.format(asked=tmp_path / "asked", code=0))
    assert subprocess.run(["make", "down"], cwd=checkout, env=environment, capture_output=True, check=False).returncode == 0
    assert "compose --profile * down --remove-orphans" in (tmp_path / "asked").read_text()
