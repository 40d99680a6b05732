"""Production by Compose's own commands: what they refuse, what they build, and what they leave of the releases of `make deploy`."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator

import pytest

from tests.conftest import CHECKOUT
from tests.containers.production import Production, ending, production_of
from tests.containers.stack import Stack, run, wait_until

UP = ("up", "--detach", "--wait")
FILE = "app/main.py"
DOCUMENTED = "docker start $(docker compose -f compose.prod.yaml ps --all --quiet)"
Measured = Callable[[str, str], None]


@pytest.fixture(scope="module")
def fresh(make_stack: Callable[..., Stack]) -> Iterator[Production]:
    """A checkout with a name and ports, and nothing else."""
    with ending(production_of(make_stack())) as one:
        one.configure(API_REPLICAS="1", PIPELINE_REPLICAS="1")
        yield one


def change(production: Production, text: str) -> None:
    path = production.folder / FILE
    path.write_text(f"{path.read_text()}# {text}\n")


def code(production: Production) -> str:
    """The last line of a file in the image that runs."""
    return production.execute("api", "tail", "-n", "1", FILE).stdout.strip()


def identity(production: Production, tag: str) -> str:
    return run(["docker", "image", "inspect", "--format", "{{.Id}}", f"{production.project}-runtime:{tag}"]).stdout.strip()


def is_ready(production: Production) -> bool:
    try:
        return production.ask("/health/ready").status == 200
    except OSError:  # the proxy does not accept connections yet
        return False


def left_behind(production: Production) -> str:
    mine = ["--filter", f"label=com.docker.compose.project={production.project}", "--quiet"]
    return "".join(run(["docker", kind, "ls", *mine]).stdout for kind in ("container", "network", "volume"))


def test_without_secrets_it_ends_at_once_and_names_the_command(fresh: Production, measured: Measured) -> None:
    started = time.monotonic()
    refused = fresh.compose("up", "--detach", check=False)
    seconds = time.monotonic() - started
    measured("production: plain `up` without secrets is refused: seconds", f"{seconds:.2f}")
    assert refused.returncode != 0
    assert 'run "make secrets" first' in refused.stderr
    assert seconds < 10, "nothing was built"
    assert left_behind(fresh) == ""


def test_with_secrets_it_starts_without_make(fresh: Production) -> None:
    fresh.run("bash", "scripts/secrets.sh", "make")
    fresh.compose(*UP, timeout=900)
    assert fresh.ask("/health/ready").status == 200
    assert {container["Config"]["Image"] for container in fresh.details("api")} == {f"{fresh.project}-runtime:local"}
    assert "(head)" in fresh.execute("api", "alembic", "current").stdout
    assert "(head)" in fresh.compose("run", "--rm", "--no-TTY", "migrate", "alembic", "current").stdout


def test_new_code_is_started_by_the_same_command(fresh: Production) -> None:
    change(fresh, "pulled")
    fresh.compose(*UP, timeout=900)
    assert code(fresh) == "# pulled"


def test_a_release_stays_what_it_was_and_can_be_gone_back_to(fresh: Production) -> None:
    release = fresh.release("a")
    fresh.make("deploy", f"RELEASE={release}", timeout=900)
    assert fresh.releases("api") == {"a"}
    before = identity(fresh, release)
    change(fresh, "newer")
    fresh.compose(*UP, "--build", timeout=900)
    assert code(fresh) == "# newer"
    assert identity(fresh, release) == before
    fresh.make("rollback", timeout=300)
    assert fresh.releases("api") == {"a"}
    assert code(fresh) == "# pulled"
    kept = {path.name.split("-")[1] for path in (fresh.folder / ".deploy" / "logs").iterdir()}
    assert kept >= {"api", "pipeline"}, "the logs of what was removed"


def test_what_was_stopped_is_started_again_as_documented(fresh: Production) -> None:
    """Without the containers of a release being replaced, and without the migration that a deploy has removed."""
    before = set(fresh.identities("api"))
    fresh.compose("stop", timeout=120)
    fresh.run("bash", "-c", DOCUMENTED, timeout=120)
    wait_until(lambda: is_ready(fresh), 60, "readiness")
    assert set(fresh.identities("api")) == before
    assert DOCUMENTED in (CHECKOUT / "docs" / "operations.md").read_text()


def test_a_release_that_does_not_answer_through_the_proxy_is_not_noted(fresh: Production) -> None:
    path = fresh.folder / "docker" / "proxy" / "nginx.conf"
    good = path.read_text()
    path.write_text(good.replace("proxy_pass http://api/health/ready;", "return 503;"))
    try:
        refused = fresh.make("deploy", f"RELEASE={fresh.release('mute')}", check=False, timeout=900)
    finally:
        path.write_text(good)
    assert refused.returncode != 0
    assert "does not respond through the proxy" in refused.stderr
    assert "mute" not in (fresh.folder / ".deploy" / "releases").read_text()
    fresh.make("rollback", timeout=300)
    assert fresh.releases("api") == {"a"}, "the last one that was noted"
    assert fresh.ask("/health/ready").status == 200


def test_a_taken_port_is_named_before_anything_starts(fresh: Production) -> None:
    fresh.compose("down", timeout=120)
    noted = (fresh.folder / ".deploy" / "releases").read_text()
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", fresh.https_port))
        holder.listen()
        started = time.monotonic()
        refused = fresh.make("deploy", f"RELEASE={fresh.release('a')}", check=False)
        seconds = time.monotonic() - started
    assert refused.returncode != 0
    assert f"ports are taken: {fresh.https_port} (HTTPS_PORT) by " in refused.stderr
    assert "nothing was changed" in refused.stderr
    assert seconds < 15
    assert run(["docker", "container", "ls", "--quiet", "--filter", f"label=com.docker.compose.project={fresh.project}"]).stdout == ""
    assert (fresh.folder / ".deploy" / "releases").read_text() == noted
