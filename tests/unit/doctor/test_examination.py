"""All checks together, and the command: nothing hangs, nothing is hidden."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.settings import CHECKOUT
from cli.doctor.docker import ANSWER_SECONDS, Docker
from cli.doctor.examination import CHECKS, LIMIT_SECONDS, examine
from cli.doctor.finding import Finding, ok, problem
from cli.doctor.machine import Machine
from tests.support.waiting import PATIENCE
from tests.unit.doctor.conftest import HANG, FakeDocker, MakeMachine, states, wrong

#: The command with less patience for a Docker that hangs.
IMPATIENT = "from cli.doctor.docker import Docker; Docker.__init__.__defaults__ = (0.5,); from cli.entry import main; main()"


def run(*arguments: str, start: tuple[str, str] = ("-m", "cli.entry"), **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *start, "doctor", *arguments]
    return subprocess.run(
        command, cwd=CHECKOUT, env=os.environ | environment, capture_output=True, text=True, check=False, timeout=PATIENCE
    )


def test_a_check_that_hangs_is_a_finding(machine: MakeMachine) -> None:
    quick, over = threading.Event(), threading.Event()

    def hang(_: Machine) -> list[Finding]:
        quick.wait()
        over.wait()
        return []

    def answer(_: Machine) -> list[Finding]:
        quick.set()
        return [ok("quick", "Well")]

    found = examine(machine(), [("stuck", hang), ("quick", answer)], seconds=2)
    over.set()
    assert states(found) == ["problem", "ok"]
    assert "did not end within" in wrong(found)


def test_what_cannot_be_read_is_a_finding(machine: MakeMachine) -> None:
    def refused(_: Machine) -> list[Finding]:
        raise PermissionError(13, "Permission denied", "/secret")

    assert "/secret: Permission denied" in wrong(examine(machine(), [("closed", refused)]))


def test_a_mistake_of_ours_stays_loud(machine: MakeMachine) -> None:
    def broken(_: Machine) -> list[Finding]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        examine(machine(), [("broken", broken)])


def test_every_finding_is_one_sentence(machine: MakeMachine, docker: FakeDocker) -> None:
    docker(version="exit 1", compose="exit 1", buildx="exit 1")
    found = examine(machine())
    assert {finding.name for finding in found} >= {name for name, _ in CHECKS}
    for finding in found:
        assert "\n" not in str(finding)
        assert str(finding).endswith(".")
        assert not finding.message.endswith(".")
        assert (finding.cure is None) == (finding.state in ("ok", "skipped"))


@pytest.mark.slow
@pytest.mark.skipif(Machine.here().in_container, reason="in a container Docker is not looked at")
def test_the_command_ends_when_docker_hangs(docker: FakeDocker, tmp_path: Path) -> None:
    docker(version=HANG, compose=HANG, buildx=HANG)
    assert inspect.signature(Docker).parameters["seconds"].default == ANSWER_SECONDS < LIMIT_SECONDS < 30  # what a person waits
    ended = run(start=("-c", IMPATIENT), PATH=f"{tmp_path}/bin:{os.environ['PATH']}")
    assert ended.returncode == 1
    assert "does not respond: restart it" in ended.stdout
    assert "Traceback" not in ended.stderr


def test_wrong_settings_do_not_keep_the_command_from_starting(docker: FakeDocker, tmp_path: Path) -> None:
    docker()
    ended = run("--json", PATH=f"{tmp_path}/bin:{os.environ['PATH']}", PORT="eighty", DATABASE_URL="mysql://dq:hunter2@x/y")
    assert ended.returncode == 1
    assert ended.stderr == ""
    found = [json.loads(line) for line in ended.stdout.splitlines()]
    assert all(set(each) == {"name", "state", "message", "cure"} for each in found)
    assert {each["message"].split()[0] for each in found if each["name"] == "settings"} >= {"PORT", "DATABASE_URL"}
    assert "hunter2" not in ended.stdout


@pytest.mark.parametrize("value", ["1", None])
def test_the_dev_image_says_that_it_is_one(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("DRAFT_QUEEN_CONTAINER", raising=False)
    if value:
        monkeypatch.setenv("DRAFT_QUEEN_CONTAINER", value)
    here = Machine.here()
    assert here.mounted is bool(value)
    assert here.in_container or not here.mounted


def test_only_problems_decide_the_exit_code(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from cli.doctor import examination
    from cli.doctor.finding import warning
    from cli.main import main

    for findings, code, summary in (
        ([ok("a", "Well")], 0, "No problems found."),
        ([ok("a", "Well"), warning("b", "Soon", "act")], 0, "1 warning."),
        ([problem("a", "Bad", "act"), problem("b", "Bad", "act"), warning("b", "Soon", "act")], 1, "2 problems, 1 warning."),
    ):
        monkeypatch.setattr(examination, "examine", lambda _, found=findings: found)
        with pytest.raises(SystemExit) as ended:
            main(["doctor"])
        assert ended.value.code == code
        assert capsys.readouterr().err.strip() == summary
