"""The development stack by the commands of Docker alone, on a fresh clone: no make, no .env."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from tests.containers.stack import Ended, Stack, wait_until
from tools.compose_variables import COMPOSE_VARIABLES

FILE = ("docker", "compose", "-f", "compose.dev.yaml")


class Plain:
    """A fresh clone, and Compose's own commands in it; the test chooses a free name and free ports, in the environment."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.project = f"draft-queen-plain-{stack.instance}"
        ports = {variable.name: str(stack.port(variable.name)) for variable in COMPOSE_VARIABLES if variable.is_port}
        self.environment = {"COMPOSE_PROJECT_NAME": self.project, "PWD": str(stack.folder), **ports}

    def compose(self, *arguments: str, check: bool = True, **environment: str) -> Ended:
        return self.stack.run(*FILE, *arguments, check=check, timeout=900, **self.environment, **environment)

    def log(self, service: str) -> str:
        ended = self.compose("logs", "--no-log-prefix", "--no-color", service)
        return ended.stdout + ended.stderr


@pytest.fixture
def clone(make_stack: Callable[..., Stack]) -> Iterator[Callable[[int], Plain]]:
    made: list[Plain] = []

    def make(uid: int) -> Plain:
        if os.getuid() not in (0, uid):
            pytest.skip(f"only root can act as user {uid}")
        made.append(Plain(make_stack(uid)))
        return made[-1]

    yield make
    for one in made:
        one.compose("--profile", "*", "down", "--volumes", "--rmi", "local", "--remove-orphans", check=False)
        one.stack.ended = True


def test_it_starts_with_the_defaults_and_says_what_make_up_improves(clone: Callable[[int], Plain]) -> None:
    plain = clone(1000)
    plain.compose("up", "--detach")
    assert not (plain.stack.folder / ".env").exists()
    wait_until(plain.stack.ready, 180, "the API")
    said = [line for line in plain.log("api").splitlines() if "make up" in line]
    assert len(said) == 1
    assert said[0].startswith("This stack has the defaults of compose.dev.yaml: 'make up' would use your user id")
    assert "make up" not in plain.log("pipeline") + plain.log("migrate")
    inside = plain.compose("exec", "--no-TTY", "api", "bash", "-c", "touch made && git log --format=%s -1").stdout
    assert inside == "copy\n"
    assert plain.stack.owners() == {1000}
    labels = plain.stack.run(
        "docker", "ps", "--filter", f"label=com.docker.compose.project={plain.project}", "--format", "{{.Labels}}"
    ).stdout
    assert "devcontainer.local_folder=," in labels, "an editor opens a stack of its own, after it has written .env"


@pytest.mark.parametrize("uid", [1234, 0])
def test_a_checkout_of_another_user_gets_one_line_with_a_command_that_works(clone: Callable[[int], Plain], uid: int) -> None:
    plain = clone(uid)
    assert plain.compose("up", "--detach", check=False).returncode != 0
    (said,) = [line for line in plain.log("migrate").splitlines() if line.startswith("Error: ")]
    assert said.startswith(f"Error: The checkout belongs to user {uid} and this container runs as 1000: run 'make up' as the owner")
    assert said.endswith(f": HOST_UID={uid} HOST_GID={uid} docker compose -f compose.dev.yaml up --build")
    assert plain.stack.owners() == {uid}, "nothing was written"
    plain.compose("up", "--build", "--detach", HOST_UID=str(uid), HOST_GID=str(uid))
    wait_until(plain.stack.ready, 180, "the API")
    plain.compose("exec", "--no-TTY", "api", "touch", "made")
    assert plain.stack.owners() == {uid}
