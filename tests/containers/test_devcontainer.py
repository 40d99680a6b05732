"""The real `devcontainer` command: what an editor does when the folder is opened, for users of a host with different ids."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import pytest

from tests.containers.stack import Stack, wait_until

pytestmark = pytest.mark.usefixtures("devcontainer_command")


@pytest.fixture
def opened(make_stack: Callable[..., Stack], host_user: int) -> Iterator[Stack]:
    """A checkout of that user, not yet opened, in its own instance."""
    one = make_stack(host_user)
    one.run("bash", "scripts/stack.sh", "env")
    yield one
    one.end()


def outcome(text: str) -> dict[str, str]:
    """The command's last line."""
    found: dict[str, str] = json.loads(text.strip().splitlines()[-1])
    return found


def test_open_work_and_close(opened: Stack, measured: Callable[[str, str], None]) -> None:
    """One long way through, because every step needs the one before."""
    stack = opened
    configuration = json.loads(stack.devcontainer("read-configuration").stdout.strip().splitlines()[-1])["configuration"]
    assert configuration["service"] == "api"
    assert configuration["overrideCommand"] is False
    assert "mounts" not in configuration  # no ~/.ssh: the editor forwards the agent
    assert outcome(stack.devcontainer("build", timeout=900).stdout)["outcome"] == "success"

    started = time.monotonic()
    up = outcome(stack.devcontainer("up", timeout=300).stdout)
    assert up["outcome"] == "success"
    assert up["remoteUser"] == "dev"
    assert up["remoteWorkspaceFolder"] == "/workspace"
    assert stack.ready()
    measured(f"devcontainer up to a healthy API, empty volumes, user {stack.uid} (at most 25 s)", f"{time.monotonic() - started:.1f} s")
    started = time.monotonic()
    assert outcome(stack.devcontainer("up").stdout)["containerId"] == up["containerId"]
    measured(f"devcontainer up when it runs, user {stack.uid} (at most 6 s)", f"{time.monotonic() - started:.1f} s")

    def inside(*command: str, check: bool = True) -> str:
        return stack.devcontainer("exec", *command, check=check).stdout

    assert inside("id", "-un").split()[-1] == "dev"
    assert inside("id", "-u").split()[-1] == str(stack.uid)
    # the editor's process is beside the API's, in the same container
    assert "app.server" in inside("ps", "-ef")
    assert "passed" in inside("pytest", "-q", "-p", "no:xdist", "tests/unit/test_settings.py")
    assert stack.devcontainer("exec", "bash", "-c", "exit 7", check=False).returncode == 7
    inside(
        "bash", "-c", "git -c user.name=t -c user.email=t@example.invalid commit --quiet --allow-empty -m inside && git log -1 --format=%s"
    )
    inside("alembic", "revision", "--autogenerate", "-m", "made inside")
    stack.execute("pipeline", "touch", "made-by-the-pipeline")
    assert stack.owners() == {stack.uid}
    # the code does not know this revision: migrated to it, the API would not be ready
    next(stack.folder.glob("alembic/versions/*made_inside.py")).unlink()
    # an interactive shell starts without complaint
    shell = stack.devcontainer("exec", "bash", "-ic", "true")
    said = [line for line in (shell.stdout + shell.stderr).splitlines() if line.startswith("bash:")]
    assert [line for line in said if "process group" not in line and "job control" not in line] == []  # said wherever there is no terminal

    # `make up-d` beside an open editor leaves its container alone
    before = stack.inspect("api")["State"]["StartedAt"]
    stack.make("up-d")
    assert stack.inspect("api")["State"]["StartedAt"] == before
    wait_until(lambda: stack.total() > 1000, 180, "data")


def test_what_make_up_started_is_what_the_editor_finds(opened: Stack) -> None:
    opened.make("up-d")
    before = opened.inspect("api")["State"]["StartedAt"]
    assert outcome(opened.devcontainer("up").stdout)["outcome"] == "success"
    assert opened.inspect("api")["State"]["StartedAt"] == before
    assert opened.devcontainer("exec", "id", "-u").stdout.split()[-1] == str(opened.uid)


def test_windows_line_ends_are_named_before_anything_starts(opened: Stack) -> None:
    for path in (*opened.folder.glob("scripts/*.sh"), *opened.folder.glob(".devcontainer/*.sh")):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    ended = opened.devcontainer("up", check=False)
    assert ended.returncode != 0
    assert "draft-queen: this checkout has Windows line ends: run 'git config core.autocrlf input'" in ended.stdout + ended.stderr
    assert "invalid option name" not in ended.stdout + ended.stderr
    assert opened.containers() == {}


def test_clean_removes_the_image_that_the_command_has_made(opened: Stack) -> None:
    def images() -> list[str]:
        listed = opened.run("docker", "image", "ls", "--format", "{{.Repository}}", "--filter", "reference=vsc-*")
        return listed.stdout.split()

    others = set(images())
    opened.devcontainer("up", timeout=300)
    opened.run("docker", "tag", f"{opened.project}-dev", f"vsc-another-checkout-{'0' * 64}-uid")
    try:
        assert [name for name in images() if name not in others and not name.startswith("vsc-another")]
        assert "Removed." in opened.run("bash", "-c", "echo y | make clean").stdout
        assert set(images()) - others == {f"vsc-another-checkout-{'0' * 64}-uid"}
    finally:
        opened.run("docker", "image", "rm", f"vsc-another-checkout-{'0' * 64}-uid", check=False)


def test_history_of_shells_is_kept(opened: Stack) -> None:
    opened.make("up-d")
    opened.execute("api", "bash", "-ic", "history -s 'echo remembered'; history -a")
    opened.make("down")
    opened.make("up-d")
    assert "echo remembered" in opened.execute("api", "bash", "-c", "cat /home/dev/.history/*").stdout
