"""A loop whose files change without a file event: on a mount that hides the edits, and where the kernel grants no watch."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.loop import Loop
from tests.support.sample_application import FILES

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("devloop polling")]

#: A user namespace has limits of its own, and may mount in its own mount namespace, without root on the machine.
NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-euc"]
NO_WATCHES = 'echo 0 >/proc/sys/user/max_inotify_instances; exec "$@"'
#: An overlay shows what is written into its lower folder, and reports none of it: as a network mount does with the other side's edits.
OVERLAY = 'mount -t overlay overlay -o "lowerdir=$0,upperdir=$1,workdir=$2" "$3"; cd "$3"; shift 3; exec "$@"'


@pytest.fixture
def hidden(make: Callable[..., Loop], tmp_path: Path) -> Callable[..., Loop]:
    """A loop that runs in an overlay of its root: edits of the root appear there, and no event does."""

    def new(**environment: str) -> Loop:
        loop = make(**environment)
        upper, work, merged = (tmp_path / f"{loop.root.name}-{name}" for name in ("upper", "work", "merged"))
        for folder in (upper, work, merged):
            folder.mkdir()
        loop.wrapper = [*NAMESPACE, OVERLAY, *map(str, (loop.root, upper, work, merged))]
        tried = subprocess.run([*loop.wrapper, "true"], capture_output=True, text=True, check=False)
        if tried.returncode:
            pytest.skip(f"no overlay can be mounted here: {tried.stderr.strip()}")
        return loop

    return new


def edit_slow(loop: Loop) -> None:
    """Write into the file: an overlay keeps the entries of its lower folder, and would not show another file in its place."""
    (loop.root / "app/routes/slow.py").write_text(FILES["app/routes/slow.py"].replace('MARK = "slow"', 'MARK = "edited"'))


def decision(loop: Loop) -> str:
    loop.wait_for_log("devloop: edits are found by ")  # while the first process starts
    return next(line for line in loop.log.splitlines() if line.startswith("devloop: edits are found by "))


@pytest.mark.parametrize(
    ("arguments", "environment", "reason"),
    [
        (["--polling", "on"], {}, "polling is on"),
        ([], {"WATCHFILES_FORCE_POLLING": "true"}, "WATCHFILES_FORCE_POLLING is true"),
    ],
)
def test_an_edit_without_an_event_is_served(
    hidden: Callable[..., Loop], arguments: list[str], environment: dict[str, str], reason: str
) -> None:
    loop = hidden(**environment).started(*arguments)
    assert decision(loop) == f"devloop: edits are found by polling every 0.3 s: {reason}"
    edit_slow(loop)
    loop.wait_for("slow", "edited")


def test_without_polling_it_is_not_and_the_log_says_which_it_is(hidden: Callable[..., Loop]) -> None:
    """Or else the tests above would prove nothing."""
    loop = hidden(WATCHFILES_FORCE_POLLING="true").started("--polling", "off")
    assert decision(loop) == "devloop: edits are found by file events: polling is off"
    edit_slow(loop)
    time.sleep(1.5)
    assert loop.mark("slow") == "slow"
    assert loop.generations == [1]


def test_where_the_kernel_grants_no_watch_the_loop_polls_by_itself(make: Callable[..., Loop]) -> None:
    loop = make()
    loop.wrapper = [*NAMESPACE, NO_WATCHES, "sh"]
    tried = subprocess.run([*loop.wrapper, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"no user namespace can be made here: {tried.stderr.strip()}")
    loop.started()
    assert decision(loop) == (
        "devloop: edits are found by polling every 0.3 s: all inotify instances are in use (fs.inotify.max_user_instances)"
    )
    loop.set_mark("slow", "edited")
    loop.wait_for("slow", "edited")


def test_file_events_are_logged_too(make: Callable[..., Loop]) -> None:
    assert decision(make().started()) == "devloop: edits are found by file events"
