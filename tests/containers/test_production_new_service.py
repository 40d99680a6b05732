"""`make service`, in production: the new service connects with the secret file, and is reached through the proxy."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from tests.containers.production import ALL_CLIENTS, Production, ending, production_of
from tests.containers.stack import Stack, wait_until
from tests.support.guide import SERVICE, add_service


@pytest.fixture(scope="module")
def extended(make_stack: Callable[..., Stack]) -> Iterator[Production]:
    """Production with a new service, and data."""
    with ending(production_of(make_stack())) as one:
        add_service(one.folder)
        one.configure(**ALL_CLIENTS)
        one.run("make", "secrets")
        one.compose("build", "--quiet", timeout=900)
        one.compose("up", "--detach", "--wait", timeout=180)
        one.execute("pipeline", "dq", "etl", "run", "--sample", "--wait", "300")
        yield one


def picks(production: Production) -> int:
    answer = production.ask("/standings/")
    assert answer.status == 200, answer.body
    return int(answer.document["draft_picks"])


def test_it_answers_through_the_proxy(extended: Production) -> None:
    assert picks(extended) == extended.ask("/api/v1/draft-picks?limit=1").document["total"] > 10_000


def test_its_password_is_in_a_file_alone(extended: Production) -> None:
    containers = extended.details(SERVICE)
    assert len(containers) == 2
    for container in containers:
        assert extended.secrets["database_password"].strip() not in json.dumps(container)


def test_it_stays_connected_while_the_password_changes(extended: Production) -> None:
    before, old = picks(extended), extended.secrets["database_password"]
    extended.make("rotate", "SECRET=database")
    assert extended.secrets["database_password"] != old
    assert picks(extended) == before
    wait_until(lambda: all(each["State"]["Health"]["Status"] == "healthy" for each in extended.details(SERVICE)), 60, "health")
    assert not extended.lines(SERVICE, level="error")
