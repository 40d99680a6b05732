"""POLLING reaches the development loops that `dq serve` starts, and their logs say what they do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.served import LINUX, Served
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, LINUX]


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({"POLLING": "on"}, "edits are found by polling every 0.3 s: polling is on"),
        ({"POLLING": "off"}, "edits are found by file events: polling is off"),
        ({"WATCHFILES_FORCE_POLLING": "1"}, "edits are found by polling every 0.3 s: WATCHFILES_FORCE_POLLING is 1"),
    ],
)
def test_both_loops_do_as_the_setting_says(serve: Callable[..., Served], environment: dict[str, str], line: str) -> None:
    served = serve(RELOAD="1", **environment).start()
    served.wait_until_it_answers()
    until(lambda: served.output.count(line) == 2, lambda: served.output)
