"""Everything that can be taken away from a running stack is taken away; it comes back alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.containers.stack import Stack, run, wait_until

MEASURED = Callable[[str, str], None]


@pytest.fixture(autouse=True)
def serving(stack: Stack) -> None:
    """Every test begins with a stack that serves data."""
    wait_until(lambda: stack.ready() and stack.total() > 1000, 180, "a serving stack")


#: What the development loop calls the process that responds to requests or works.
WORKER = "devloop-worker"


def kill_9(stack: Stack, service: str) -> None:
    """Kill the container's first process, from the host's side."""
    process = str(stack.inspect(service)["State"]["Pid"])
    killer = ["docker", "run", "--rm", "--pid=host", "--privileged", "--user=0", "--entrypoint=kill", f"{stack.project}-dev"]
    run([*killer, "-9", process])


def worker(stack: Stack, service: str) -> str:
    """Return the number of the process inside that runs our code."""
    return stack.run("docker", "compose", "exec", "-T", service, "pgrep", "-n", "-x", WORKER, check=False).stdout.strip()


@pytest.mark.parametrize("service", ["api", "pipeline", "db", "redis", "pgadmin"])
def test_a_killed_service_comes_back(stack: Stack, service: str, measured: MEASURED) -> None:
    before = str(stack.inspect(service)["State"]["StartedAt"])
    picks = stack.total()
    kill_9(stack, service)
    wait_until(lambda: stack.inspect(service)["State"]["StartedAt"] != before, 180, f"{service} started again")
    needed = wait_until(lambda: stack.healthy(service) and stack.ready(), 180, f"{service} and the API")
    measured(f"kill -9 of {service}: healthy again, API ready", f"{needed:.1f} s after its start")
    assert stack.total() == picks


@pytest.mark.parametrize("service", ["api", "pipeline"])
def test_a_killed_process_inside_is_started_again(stack: Stack, service: str, measured: MEASURED) -> None:
    before, process = stack.inspect(service)["State"]["StartedAt"], worker(stack, service)
    assert process, f"there is no {WORKER}"
    stack.run("docker", "compose", "exec", "-T", "-u", "0", service, "kill", "-9", process)
    needed = wait_until(lambda: worker(stack, service) not in ("", process) and stack.ready(), 180, "another process")
    measured(f"kill -9 of the process inside {service}", f"{needed:.1f} s")
    assert stack.inspect(service)["State"]["StartedAt"] == before  # an editor in the container has noticed nothing


def test_the_database_is_away_for_half_a_minute(stack: Stack, measured: MEASURED) -> None:
    stack.compose("stop", "db")
    try:
        wait_until(lambda: stack.get("/health/ready")[0] == 503, 180, "readiness says so")
        assert stack.get("/health")[0] == 200
        assert stack.get("/api/v1/draft-picks?season=1999&limit=3")[0] in (200, 503)
        time.sleep(30)
        assert {
            name: state for name, state in stack.containers().items() if name in ("api", "pipeline") and not state.startswith("Up")
        } == {}
    finally:
        stack.compose("start", "db")
    needed = wait_until(stack.ready, 180, "the API")
    measured("database away for 30 s: API ready again", f"{needed:.1f} s after it was back")
    wait_until(lambda: stack.healthy("pipeline"), 180, "the pipeline")


def test_the_network_is_cut_and_back(stack: Stack, measured: MEASURED) -> None:
    network = f"{stack.project}_default"
    identity = stack.compose("ps", "--quiet", "db").stdout.strip()
    run(["docker", "network", "disconnect", network, identity])
    try:
        wait_until(lambda: stack.get("/health/ready")[0] == 503, 180, "readiness says so")
        time.sleep(5)
    finally:
        run(["docker", "network", "connect", "--alias", "db", network, identity])
    needed = wait_until(stack.ready, 180, "the API")
    measured("network of the database cut and back: API ready again", f"{needed:.1f} s")


def test_redis_is_away(stack: Stack) -> None:
    stack.compose("stop", "redis")
    try:
        assert stack.get("/api/v1/draft-picks?limit=3")[0] == 200
        assert stack.ready()
    finally:
        stack.compose("start", "redis")


@pytest.mark.parametrize(
    "order", [("db", "redis", "api", "pipeline"), ("pipeline", "api", "redis", "db"), ("api", "db", "pipeline", "redis")]
)
def test_restarted_in_any_order(stack: Stack, order: tuple[str, ...]) -> None:
    for service in order:
        stack.compose("restart", "--no-deps", service)
    wait_until(lambda: stack.ready() and stack.healthy("api", "pipeline", "db", "redis"), 180, f"after {order}")
    assert stack.total() > 1000


def test_all_at_once(stack: Stack, measured: MEASURED) -> None:
    services = ("api", "pipeline", "db", "redis", "pgadmin")
    with ThreadPoolExecutor(len(services)) as pool:
        list(pool.map(lambda service: kill_9(stack, service), services))
    needed = wait_until(lambda: stack.ready() and stack.healthy(*services), 180, "everything")
    measured("kill -9 of everything at once: everything healthy", f"{needed:.1f} s")


@pytest.fixture(autouse=True, scope="module")
def nothing_was_lost(stack: Stack) -> Iterator[None]:
    """After all of it the data are as they were."""
    wait_until(lambda: stack.total() > 1000, 180, "data")
    before = stack.sql("select count(*), sum(hashtext(d::text)) from draft_pick d")
    yield
    wait_until(stack.ready, 180, "the API")
    assert stack.sql("select count(*), sum(hashtext(d::text)) from draft_pick d") == before
