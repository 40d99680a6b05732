"""What the stack's commands say to an engine that will not do, or to none."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT
from tests.unit.stack.conftest import GOOD, values


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ('echo "permission denied while trying to connect" >&2; exit 1', "usermod -aG docker"),
        ('echo "Cannot connect to the Docker daemon" >&2; exit 1', "does not respond"),
        ('[ "$1" = version ] && echo 28 || exit 1', "no 'compose' command"),
        (GOOD.format(compose="2.17.3", security=""), "Docker Compose 2.17.3 is too old"),
        (
            GOOD.replace('"buildx version") echo ok', '"buildx version") exit 1').format(compose="v2.40.3", security=""),
            "no 'buildx' command",
        ),
    ],
)
def test_an_engine_that_will_not_do(checkout: Path, engine: Callable[[str], dict[str, str]], script: str, said: str) -> None:
    ended = subprocess.run(
        ["bash", "scripts/stack.sh", "check"], cwd=checkout, env=engine(script), capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("draft-queen: ")
    assert said in ended.stderr
    assert ended.stderr.count("\n") == 1


#: Every target of the Makefile that is of no use without an engine; `migrate` and `clean` do what there is to do.
OF_THE_STACK = (
    *("up", "up-d", "down", "ps", "logs", "logs-api", "logs-pipeline", "logs-db", "shell", "psql", "pgcli"),
    *("test-in-container", "rebuild", "bench-containers", "bench-devloop"),
)


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("target", OF_THE_STACK)
@pytest.mark.parametrize("installed", [False, True])
def test_without_an_engine_every_target_says_so_and_writes_nothing(
    checkout: Path, tmp_path: Path, engine: Callable[[str], dict[str, str]], target: str, installed: bool
) -> None:
    environment = engine('echo "Cannot connect to the Docker daemon at unix:///nowhere" >&2; exit 1')
    tools = tmp_path / "tools"
    if not installed:
        (tools / "docker").unlink()
        environment["PATH"] = str(tools)  # the machine's own folders may have one
        for name in ("bash", "sh", "sed", "grep", "dirname", "make"):
            (tools / name).symlink_to(str(shutil.which(name)))
    for name in ("Makefile", "scripts/bootstrap.sh"):
        shutil.copy(CHECKOUT / name, checkout / name)
    before = {path.name for path in checkout.iterdir()}
    # as in the dev image: the packages are there
    ended = subprocess.run(
        ["make", target, "IN=container"],
        cwd=checkout,
        env={**environment, "DRAFT_QUEEN_CONTAINER": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode != 0
    (said,) = [line for line in ended.stderr.splitlines() if not line.startswith("make: ***")]
    assert ("the Docker engine does not respond: start it" if installed else "Docker is not installed: install") in said
    assert said.endswith("or work without it: make run.")
    assert ended.stdout == ""
    assert {path.name for path in checkout.iterdir()} == before


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_a_stack_that_does_not_run_has_no_logs(checkout: Path, engine: Callable[[str], dict[str, str]]) -> None:
    shutil.copy(CHECKOUT / "Makefile", checkout / "Makefile")
    environment = engine(GOOD.format(compose="2.40.3", security=""))
    ended = subprocess.run(["make", "logs"], cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    assert ended.stderr.splitlines()[0] == "draft-queen: the stack is not running: 'make up' starts it."
    assert not (checkout / ".env").exists()


@pytest.mark.parametrize(("security", "uid"), [("[name=rootless name=seccomp]", "0"), ("[name=seccomp]", None)])
def test_a_rootless_engine_gets_an_image_for_root(
    checkout: Path, engine: Callable[[str], dict[str, str]], security: str, uid: str | None
) -> None:
    environment = engine(GOOD.format(compose="2.40.3", security=security))
    ended = subprocess.run(
        ["bash", "scripts/stack.sh", "check"],
        cwd=checkout,
        env={**environment, "INSTANCE": "20"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert values(checkout)["HOST_UID"] == (uid or str(checkout.stat().st_uid))
