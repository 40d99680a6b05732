"""How the doctor learns whether hot reload notices edits: from the development loop itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cli.doctor import inotify
from cli.doctor.inotify import Watching
from tests.conftest import CHECKOUT
from tests.unit.doctor.conftest import MakeMachine, states, wrong


def limits(folder: Path, watches: int, instances: int) -> Path:
    (folder / "max_user_watches").write_text(f"{watches}\n")
    (folder / "max_user_instances").write_text(f"{instances}\n")
    return folder


def test_an_edit_is_reported_and_nothing_is_left(machine: MakeMachine, checkout: Path) -> None:
    found = inotify.check(machine())[0]
    assert (found.state, found.message) == ("ok", "Edits in the checkout are reported by file events")
    assert list(checkout.iterdir()) == []


@pytest.mark.parametrize(
    ("environment", "in_env_file", "reason"),
    [
        ({"POLLING": "on"}, "", "polling is on"),
        ({}, "POLLING=ON\n", "polling is on"),
        ({"WATCHFILES_FORCE_POLLING": "true"}, "", "WATCHFILES_FORCE_POLLING is true"),
        ({"WATCHFILES_FORCE_POLLING": "true", "POLLING": "auto"}, "POLLING=off\n", "WATCHFILES_FORCE_POLLING is true"),
    ],
)
def test_polling_by_request(machine: MakeMachine, checkout: Path, environment: dict[str, str], in_env_file: str, reason: str) -> None:
    (checkout / ".env").write_text(in_env_file)
    found = inotify.check(machine(**environment))[0]
    assert (found.state, found.message) == ("ok", f"Hot reload polls: {reason}")


def test_polling_off_wins_over_the_variable(machine: MakeMachine) -> None:
    assert inotify.watching(machine(POLLING="off", WATCHFILES_FORCE_POLLING="1")) == Watching(False, "polling is off", None)


def test_the_doctor_and_the_loop_agree_where_no_watch_is_granted(tmp_path: Path) -> None:
    """The loop runs the same module, in tests/integration/devloop/test_polling.py."""
    namespace = ["unshare", "--user", "--map-root-user", "sh", "-euc", 'echo 0 >/proc/sys/user/max_inotify_instances; exec "$@"', "sh"]
    tried = subprocess.run([*namespace, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"no user namespace can be made here: {tried.stderr.strip()}")
    program = (
        "import os, sys; from pathlib import Path; from cli.doctor import inotify; from cli.doctor.machine import Machine\n"
        "for mode in ('auto', 'off'):\n"
        "    machine = Machine(Path(sys.argv[1]), {'PATH': os.environ['PATH'], 'POLLING': mode}, 0, 0, Path(sys.prefix))\n"
        "    print(inotify.check(machine)[0].state, inotify.check(machine)[0])"
    )
    said = subprocess.run(
        [*namespace, sys.executable, "-c", program, str(tmp_path)], cwd=CHECKOUT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    limit, fix = "all inotify instances are in use (fs.inotify.max_user_instances)", "sudo sysctl fs.inotify.max_user_instances=512"
    assert said == [
        f"warning Hot reload polls: {limit}: allow more with `{fix}`.",
        f"problem Hot reload does not notice edits: polling is off, but {limit}: set POLLING=auto, and unset WATCHFILES_FORCE_POLLING.",
    ]


@pytest.mark.parametrize(
    ("silent", "said"),
    [
        ("all inotify watches are in use (fs.inotify.max_user_watches)", "sudo sysctl fs.inotify.max_user_watches=524288"),
        ("/c is on 9p, which does not report every edit", "in WSL under the Linux home"),
    ],
)
def test_polling_by_necessity_is_a_warning(machine: MakeMachine, monkeypatch: pytest.MonkeyPatch, silent: str, said: str) -> None:
    monkeypatch.setattr(inotify, "watching", lambda _: Watching(True, silent, silent))
    found = inotify.check(machine())
    assert found[0].state == "warning"
    assert silent in wrong(found)
    assert said in wrong(found)


def test_polling_off_where_no_events_arrive_is_a_problem(machine: MakeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = "/c is on 9p, which does not report every edit"
    monkeypatch.setattr(inotify, "watching", lambda _: Watching(False, "polling is off", silent))
    found = inotify.check(machine())
    assert found[0].state == "problem"
    assert "set POLLING=auto" in wrong(found)


def test_a_loop_that_does_not_run_is_a_warning(machine: MakeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> Watching:
        raise subprocess.CalledProcessError(1, ["python"])

    monkeypatch.setattr(inotify, "watching", fail)
    assert inotify.check(machine())[0].state == "warning"


def test_without_a_loop_nothing_is_looked_at(machine: MakeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inotify, "why_no_loop", lambda: "watchfiles is not installed")
    found = inotify.check(machine())[0]
    assert (found.state, found.message) == ("skipped", "Hot reload does not use file events here: watchfiles is not installed")


def test_low_limits_are_warnings(tmp_path: Path) -> None:
    assert inotify.limits(limits(tmp_path, 8192, 128)) == []
    found = inotify.limits(limits(tmp_path, 8191, 127))
    assert states(found) == ["warning", "warning"]
    assert "only 8191 for fs.inotify.max_user_watches" in wrong(found)
    assert "sudo sysctl fs.inotify.max_user_instances=512" in wrong(found)
    assert inotify.limits(tmp_path / "nowhere") == []


def test_the_runtime_image_has_no_checkout(machine: MakeMachine) -> None:
    assert states(inotify.check(machine(in_container=True))) == ["skipped"]
