"""Who is shown the traceback of code that does not start: nobody who stands under the name of a host."""

from __future__ import annotations

import pytest

from devloop.worker.refresh import PageOrigin, hello, may_read_errors, script_element


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8000",
        "LOCALHOST:8000",
        "localhost.:8000",
        "api.localhost",
        "127.0.0.1:8000",
        "192.168.1.20",
        "[::1]:8000",
        None,
    ],
)
def test_addresses_and_localhost_may(host: str | None) -> None:
    assert may_read_errors(host.encode() if host is not None else None)


@pytest.mark.parametrize(
    "host",
    [
        "rebound.example",
        "rebound.example:8000",
        "127.0.0.1.rebound.example",
        "localhost.rebound.example:8000",
        "notlocalhost",
        "127.0.0.1:8000.rebound.example",
        "rebound.example/localhost",
        "rebound.example:80.localhost",
        "1.2.3.4@rebound.example",
        "",
    ],
)
def test_names_may_not(host: str) -> None:
    assert not may_read_errors(host.encode())


def test_the_same_generation_of_another_supervisor_is_another_origin() -> None:
    assert script_element(PageOrigin("aaaa", 1)) != script_element(PageOrigin("bbbb", 1))
    assert hello(PageOrigin("aaaa", 1), "") != hello(PageOrigin("bbbb", 1), "")
