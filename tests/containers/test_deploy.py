"""`make deploy` and `make rollback` under load: no request fails, whatever the new release is like."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.lock import LOAD_LOCK_KEY
from pipeline.sources.sample.generate import generate
from pipeline.steps.extract import SYNTHETIC_MARKER
from tests.containers.load import Load, under_load
from tests.containers.production import PICKS, Production
from tests.containers.stack import wait_until
from tests.containers.terminal import lost_terminal

REQUESTS = 10_000
COMMAND = ["bash", "scripts/deploy.sh", "deploy"]
REPLICAS = {"api": 2, "pipeline": 2, "proxy": 1}
Measured = Callable[[str, str], None]


def replicas(production: Production) -> dict[str, int]:
    """How many containers each service has."""
    return {service: len(production.identities(service)) for service in REPLICAS}


@pytest.fixture(autouse=True)
def well(deployed: Production) -> Iterator[None]:
    """Whatever a test did, there are two replicas of each, and they answer."""
    yield
    assert deployed.ask(PICKS).status == 200
    assert replicas(deployed) == REPLICAS


def change(production: Production, name: str, text: str) -> None:
    path = production.folder / name
    path.write_text(path.read_text() + text)


def report(measured: Measured, what: str, load: Load, seconds: float) -> None:
    measured(
        f"production: {what}: failed of requests (0 of {REQUESTS}), seconds, slowest",
        f"{sum(load.failures.values())} of {load.count}, {seconds:.1f} s, {load.slowest:.2f} s",
    )


def timed(production: Production, *arguments: str) -> float:
    started = time.monotonic()
    production.make(*arguments, timeout=900)
    return time.monotonic() - started


def test_the_first_deploy_is_written_down(deployed: Production) -> None:
    (line,) = (deployed.folder / ".deploy" / "releases").read_text().splitlines()
    assert re.fullmatch(rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\dZ {deployed.release('a')} [0-9a-z_]+", line)
    assert deployed.release("a") not in (deployed.folder / ".env").read_text(), "plain Compose must not build under the release's tag"


def test_an_update_and_a_rollback_lose_no_request(deployed: Production, measured: Measured) -> None:
    alone = {service: deployed.identities(service) for service in ("proxy", "backup")}
    change(deployed, "app/main.py", "\n# another release\n")
    # Built before: that takes all processors, and the update is what is looked at.
    build = ("docker", "compose", "-f", "compose.prod.yaml", "build", "--quiet")
    deployed.run(*build, timeout=900, IMAGE_TAG=deployed.release("b"), PULL_POLICY="build")
    with under_load(deployed, at_least=REQUESTS) as load:
        seconds = timed(deployed, "deploy", f"RELEASE={deployed.release('b')}")
    report(measured, "update", load, seconds)
    assert load.failures == {}
    assert deployed.releases("api") == deployed.releases("pipeline") == {"b"}
    assert {service: deployed.identities(service) for service in alone} == alone, "their files did not change"
    with under_load(deployed, at_least=REQUESTS) as load:
        seconds = timed(deployed, "rollback")
    report(measured, "rollback", load, seconds)
    assert load.failures == {}
    assert deployed.releases("api") == deployed.releases("pipeline") == {"a"}


def test_a_load_goes_on_through_a_deploy(deployed: Production) -> None:
    """`make load` waits for another load here, so that it is certain to last longer."""
    files = deployed.folder / "import files"
    files.mkdir(mode=0o755)
    (files / SYNTHETIC_MARKER).touch()
    for dataset, frame in generate(rows=21_895, seed=2026).items():
        frame.write_parquet(files / f"{dataset}.parquet")
        (files / f"{dataset}.parquet").chmod(0o644)
    environment = {"PATH": os.environ["PATH"], "HOME": str(deployed.home), "FROM": str(files)}
    statement = f"select pg_advisory_lock({LOAD_LOCK_KEY}), pg_sleep(600)"
    holder = ["docker", "compose", "-f", "compose.prod.yaml", "exec", "-T", "db", "psql", "-U", "draft_queen", "-c", statement]
    other = subprocess.Popen(holder, cwd=deployed.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def of_the_pipeline() -> list[str]:  # with the container of the load
        return deployed.compose("ps", "--all", "--quiet", "pipeline").stdout.split()

    try:
        wait_until(lambda: "t" in deployed.sql(f"select true from pg_stat_activity where query = '{statement}'"), 30, "the other load")
        load = subprocess.Popen(["bash", "scripts/load.sh"], cwd=deployed.folder, env=environment, stdout=subprocess.PIPE, text=True)
        wait_until(lambda: len(of_the_pipeline()) == 3, 60, "the container of the load")
        deployed.make("deploy", f"RELEASE={deployed.release('a')}", timeout=300)
        assert load.poll() is None
        assert len(of_the_pipeline()) == 3, "its own, and two replicas"
    finally:
        deployed.sql(f"select pg_terminate_backend(pid) from pg_stat_activity where query = '{statement}'")
        other.wait(30)
    said, _ = load.communicate(timeout=300)
    assert load.returncode == 0, said
    assert re.search(r"draft_picks +unchanged", said)


def test_a_release_that_does_not_get_ready_takes_itself_away(deployed: Production, measured: Measured) -> None:
    before = {service: sorted(deployed.identities(service)) for service in ("api", "pipeline", "proxy", "db", "backup")}
    path = deployed.folder / "app" / "main.py"
    good = path.read_text()
    path.write_text(good + '\nraise RuntimeError("this release is bad")\n')
    try:
        with under_load(deployed) as load:
            refused = deployed.make("deploy", f"RELEASE={deployed.release('bad')}", check=False, timeout=900)
    finally:
        path.write_text(good)
    assert refused.returncode != 0
    assert "exited before it was ready and was rolled back" in refused.stderr
    assert "this release is bad" in refused.stderr
    assert load.failures == {}
    measured("production: a bad release: failed of requests", f"0 of {load.count}")
    assert {service: sorted(deployed.identities(service)) for service in before} == before
    assert "bad" not in (deployed.folder / ".deploy" / "releases").read_text()


def test_more_and_fewer_replicas_lose_no_request(deployed: Production, measured: Measured) -> None:
    started = time.monotonic()
    with under_load(deployed, at_least=REQUESTS) as load:
        deployed.make("deploy", f"RELEASE={deployed.release('a')}", API_REPLICAS="4")
        assert len(deployed.identities("api")) == 4
        deployed.make("deploy", f"RELEASE={deployed.release('a')}")
        assert len(deployed.identities("api")) == 2
        seconds = time.monotonic() - started
    report(measured, "from two replicas to four and back", load, seconds)
    assert load.failures == {}


def test_a_second_deploy_at_the_same_time_is_refused(deployed: Production) -> None:
    with (deployed.folder / "secrets" / ".deploy.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = deployed.make("deploy", f"RELEASE={deployed.release('a')}", check=False)
    assert refused.returncode != 0
    assert "another deploy, restore or rotation is running" in refused.stderr


def environment(production: Production) -> dict[str, str]:
    """That of a deploy of the other release."""
    return {"PATH": os.environ["PATH"], "HOME": str(production.home), "RELEASE": production.release("b")}


def start(production: Production, folder: Path) -> subprocess.Popen[str]:
    """A deploy in a process group of its own."""
    return subprocess.Popen(
        COMMAND,
        cwd=folder,
        env=environment(production),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_what_a_killed_deploy_left_is_taken_up_by_the_next(deployed: Production, number: signal.Signals) -> None:
    child = start(deployed, deployed.folder)
    wait_until(lambda: len(deployed.identities("api")) > 2, 60, "new containers beside the old")
    os.killpg(child.pid, number)
    child.communicate(timeout=60)
    assert deployed.ask(PICKS).status == 200
    if number == signal.SIGTERM:
        assert len(deployed.identities("api")) == 2, "what was started has been taken away"
    deployed.make("deploy", f"RELEASE={deployed.release('a')}", timeout=300)
    assert deployed.releases("api") == {"a"}


def test_a_deploy_that_loses_its_terminal_takes_away_what_it_started(deployed: Production) -> None:
    more = lambda _said: len(deployed.identities("api")) > 2  # noqa: E731 - new containers beside the old
    with lost_terminal(COMMAND, deployed.folder, environment(deployed), more):
        # a worker of the pipeline takes longer to stop than a replica of the API
        wait_until(lambda: replicas(deployed) == REPLICAS, 90, "what was started has been taken away")
    assert deployed.releases("api") == {"a"}


def test_going_back_is_refused_with_a_sentence_when_there_is_nothing_to_go_to(deployed: Production) -> None:
    refused = deployed.make("rollback", "RELEASE=never-built", check=False)
    assert refused.returncode != 0
    assert "never-built was never deployed here: .deploy/releases lists the releases." in refused.stderr
    refused = deployed.make("deploy", "RELEASE=no tag", check=False)
    assert "is not a valid image tag" in refused.stderr


def test_files_that_nobody_has_read_yet_are_named(deployed: Production) -> None:
    """The database reads its configuration when it starts, which a deploy does not make it do."""
    (deployed.folder / "docker" / "postgres" / "production.conf").touch()
    said = deployed.make("deploy", f"RELEASE={deployed.release('a')}", timeout=300).stdout
    assert (
        "docker/postgres/production.conf is newer than the running db: 'docker compose -f compose.prod.yaml restart db' applies it" in said
    )
    assert "its container is replaced" not in said
