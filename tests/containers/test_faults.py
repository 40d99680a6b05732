"""Whatever dies in production: what clients see of it, and for how long."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.containers.load import under_load
from tests.containers.production import PICKS, Production
from tests.containers.stack import wait_until

REQUESTS = 10_000
CLIENTS = 4
RECOVERY_SECONDS = 5
Measured = Callable[[str, str], None]


@pytest.fixture(autouse=True)
def well(running: Production) -> Iterator[None]:
    """Whatever a test did, everything is there again at its end, and answers."""
    yield
    running.compose("up", "--detach", "--wait", timeout=180)
    assert running.ask(PICKS).status == 200


# --- one process less ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", ["api", "pipeline", "redis"])
def test_a_killed_process_is_noticed_by_at_most_those_whose_requests_it_had(running: Production, measured: Measured, service: str) -> None:
    most = CLIENTS if service == "api" else 0
    killed = running.identities(service)[0]
    restarts = running.restarts(killed)
    with under_load(running, clients=CLIENTS, at_least=REQUESTS) as load:
        moment = running.crash(killed)
        wait_until(lambda: running.has_come_back(killed, restarts + 1), 60, f"{service} is back")
        back = time.monotonic() - moment
    noticed = load.recovered_after(moment)
    measured(
        f"faults: kill -9 of one {service}: failed of requests (at most {most}), noticed for (at most 5 s), healthy again after",
        f"{sum(load.failures.values())} of {load.count}, {noticed:.1f} s, {back:.1f} s",
    )
    assert sum(load.failures.values()) <= most, load.failures
    assert noticed <= RECOVERY_SECONDS


@pytest.mark.parametrize("service", ["api", "pipeline", "redis"])
def test_a_killed_process_is_back_within_seconds(running: Production, measured: Measured, service: str) -> None:
    """Without the load, which takes all processors of a small machine: the time is that of the start."""
    killed = running.identities(service)[0]
    restarts = running.restarts(killed)
    moment = running.crash(killed)
    wait_until(lambda: running.has_come_back(killed, restarts + 1), 60, f"{service} is back")
    back = time.monotonic() - moment
    measured(f"faults: kill -9 of one {service}, idle: healthy again (at most 5 s)", f"{back:.1f} s")
    assert back <= RECOVERY_SECONDS


BEFORE_THE_LOOKUP = "until a new proxy has looked the API up, it answers that one should come back in a moment, and nothing else"


def test_a_killed_proxy_is_back_within_seconds(running: Production, measured: Measured) -> None:
    with under_load(running, clients=CLIENTS) as load:
        moment = running.crash(running.identities("proxy")[0])
        wait_until(lambda: answers(running), 30, "the proxy answers")
        back = time.monotonic() - moment
    measured("faults: kill -9 of the proxy: seconds without an answer (at most 5), kinds of failures", f"{back:.1f} s, {load.failures}")
    assert max(back, load.recovered_after(moment)) <= RECOVERY_SECONDS
    assert {kind for kind in load.failures if kind.isdigit()} <= {"503"}, BEFORE_THE_LOOKUP


def test_a_proxy_made_anew_is_away_for_a_moment(running: Production, measured: Measured) -> None:
    """What `make deploy` does when the proxy's files or settings have changed."""
    with under_load(running, clients=CLIENTS, at_least=2_000) as load:
        moment = time.monotonic()
        running.compose("up", "--detach", "--wait", "--no-deps", "--force-recreate", "proxy")
    first = min(load.failed_at, default=moment)
    away = load.recovered_after(first)
    measured("faults: proxy made anew: seconds without an answer (at most 5), kinds of failures", f"{away:.1f} s, {load.failures}")
    assert away <= RECOVERY_SECONDS
    assert {kind for kind in load.failures if kind.isdigit()} <= {"503"}, BEFORE_THE_LOOKUP


def answers(production: Production, path: str = PICKS) -> bool:
    try:
        return production.ask(path).status == 200
    except OSError:
        return False


# --- without Redis ---------------------------------------------------------------------------------------------------------------


def test_without_redis_the_api_answers_from_the_database(running: Production) -> None:
    running.compose("stop", "redis")
    try:
        with under_load(running, at_least=1_000) as load:
            readiness = running.ask("/health/ready")
            assert readiness.status == 200
            assert readiness.document["checks"]["cache"] == readiness.document["checks"]["cache"] | {"ok": False}
            assert "served without it" in readiness.document["checks"]["cache"]["detail"]
            for season in range(2000, 2020):  # nobody asked for these before, so no process has kept them
                answer = running.ask(f"/api/v1/draft-picks?limit=2&season={season}&sort=-pick")
                assert answer.status == 200, answer.body
        assert load.failures == {}
    finally:
        running.compose("start", "redis")
    wait_until(lambda: running.ask("/health/ready").document["checks"]["cache"]["ok"], 10, "the cache is back")


# --- without the database --------------------------------------------------------------------------------------------------------

#: Writes numbers one after the other, each confirmed by the server before it is said; takes up the work when the server is back.
WRITER = """
import asyncio, sys, time
from app.db.connect import connect
from app.settings import get_settings

async def main(seconds):
    end, number, connection = time.monotonic() + seconds, 0, None
    while time.monotonic() < end:
        number += 1
        try:
            connection = connection or await connect(get_settings().database_url, timeout=2)
            await connection.execute("insert into faults values ($1)", number)
            print("kept", number, time.time(), flush=True)
        except Exception as error:
            print("lost", type(error).__name__, flush=True)
            connection = None
            await asyncio.sleep(0.05)

asyncio.run(main(float(sys.argv[1])))
"""


def test_no_confirmed_write_is_lost_when_the_database_is_killed(running: Production, measured: Measured) -> None:
    running.sql("create table faults (number bigint primary key)")
    writer = subprocess.Popen(
        ["docker", "exec", running.identities("pipeline")[0], "python", "-c", WRITER, "20"], stdout=subprocess.PIPE, text=True
    )
    with under_load(running) as load:
        time.sleep(3)
        moment = running.crash(running.identities("db")[0])
        killed_at = time.time()
        wait_until(lambda: running.ask("/health/ready").status == 200, 15, "readiness")
        output, _ = writer.communicate(timeout=60)
    kept = [(int(number), float(at)) for number, at in re.findall(r"^kept (\d+) (\S+)$", output, re.MULTILINE)]
    before, _, after = output.partition("\nlost")
    assert before.count("kept") > 100
    again = re.search(r"^kept \d+ (\S+)$", after, re.MULTILINE)
    assert again is not None, "nobody wrote afterwards"
    back = float(again[1]) - killed_at
    there = {int(line) for line in running.sql("select number from faults").splitlines()}
    missing = [number for number, _ in kept if number not in there]
    measured(
        "faults: kill -9 of the database: confirmed writes lost, written again after (at most 15 s)",
        f"{len(missing)} of {len(kept)}, {back:.1f} s",
    )
    refused = load.recovered_after(moment)
    measured("faults: kill -9 of the database: answers during it, the last refusal after", f"{dict(load.outcomes)}, {refused:.1f} s")
    assert refused <= 15
    assert missing == []
    assert back <= 15
    assert set(load.failures) <= {"503"}, "who cannot be answered is told to come back"
    running.sql("drop table faults")


# --- requests that take long -----------------------------------------------------------------------------------------------------


@contextmanager
def slow_database(production: Production, seconds: float) -> Iterator[None]:
    """Every answer that is not kept takes up to so many seconds, over and over: somebody locks the table they come from."""
    ended = threading.Event()
    statement = f"begin; lock table draft_pick in access exclusive mode; select pg_sleep({seconds}); commit"

    def hold() -> None:
        while not ended.is_set():
            production.sql(statement)
            time.sleep(0.2)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(60)


class LongRequests:
    """Clients whose every request takes seconds."""

    def __init__(self, production: Production) -> None:
        self.production = production
        self.ended = threading.Event()
        self.outcomes: list[tuple[str, float]] = []

    def run(self, client: int) -> None:
        turn = 0
        while not self.ended.is_set():
            turn += 1
            started = time.monotonic()
            try:  # a sentence of its own for each, so that none is kept
                outcome = str(self.production.ask(f"/api/v1/draft-picks?limit=1&pick_min={client}&pick_max={100 + turn}").status)
            except OSError as error:
                outcome = type(error).__name__
            self.outcomes.append((outcome, time.monotonic() - started))


@contextmanager
def long_requests(production: Production, clients: int = 6) -> Iterator[LongRequests]:
    many = LongRequests(production)
    threads = [threading.Thread(target=many.run, args=(number,)) for number in range(1, clients + 1)]
    with slow_database(production, 5):
        for thread in threads:
            thread.start()
        try:
            yield many
        finally:
            many.ended.set()
            for thread in threads:
                thread.join(60)


def test_requests_of_five_seconds_survive_scaling_and_reloading(running: Production, measured: Measured) -> None:
    with long_requests(running) as many:
        time.sleep(6)
        running.make("deploy", f"RELEASE={running.project}", API_REPLICAS="4")
        for _ in range(3):
            running.compose("kill", "--signal", "HUP", "proxy")
            time.sleep(2)
        running.make("deploy", f"RELEASE={running.project}")
    failed = [outcome for outcome, _ in many.outcomes if outcome != "200"]
    longest = max(seconds for _, seconds in many.outcomes)
    measured(
        "faults: long requests through scale 2-4-2 and three reloads: failed of, longest",
        f"{len(failed)} of {len(many.outcomes)}, {longest:.1f} s",
    )
    assert longest > 4
    assert failed == []


# --- the proxy -------------------------------------------------------------------------------------------------------------------


def test_reloading_the_proxy_loses_no_request(running: Production, measured: Measured) -> None:
    with under_load(running, clients=CLIENTS, at_least=REQUESTS) as load:
        for _ in range(5):
            running.compose("kill", "--signal", "HUP", "proxy")
            time.sleep(1)
    measured(
        "faults: five reloads of the proxy: failed of requests (0 of 10000), slowest",
        f"{sum(load.failures.values())} of {load.count}, {load.slowest:.2f} s",
    )
    assert load.failures == {}


#: Asks the API and the proxy in turn, each on a connection of its own that stays open, and says the middle of each in ms.
COMPARE = """
import http.client, ssl, statistics, sys, time
context = ssl._create_unverified_context()
direct = http.client.HTTPConnection(sys.argv[1], 8000)
passed = http.client.HTTPSConnection("proxy", 8443, context=context)
times = {direct: [], passed: []}
for turn in range(1100):
    for connection in times:
        started = time.perf_counter()
        connection.request("GET", sys.argv[2])
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        if turn >= 100:
            times[connection].append(time.perf_counter() - started)
print(*(round(statistics.median(found) * 1000, 3) for found in times.values()))
"""


@pytest.mark.parametrize("path", [PICKS, "/health"])
def test_the_proxy_costs_little(running: Production, measured: Measured, path: str) -> None:
    image = running.details("api")[0]["Config"]["Image"]
    address = running.details("api")[0]["NetworkSettings"]["Networks"][f"{running.project}_front"]["IPAddress"]
    asked = running.run("docker", "run", "--rm", "--network", f"{running.project}_front", image, "python", "-c", COMPARE, address, path)
    direct, passed = map(float, asked.stdout.split())
    measured(
        f"faults: {path}, p50: API itself, through the proxy with TLS, the proxy's part (at most 1.5 ms)",
        f"{direct}, {passed}, {passed - direct:.2f} ms",
    )
    assert passed - direct <= 1.5
