"""Without uvloop and httptools, as uvicorn is installed by itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

import pytest

from tests.integration.devloop.test_trust import SERVER
from tests.support.loop import Loop
from tests.support.matrix import requests

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("devloop one")]

PLAIN = f"import uvicorn\nWORD = 'w0'\nsays = lambda: WORD\n{SERVER}\nCONFIG = uvicorn.Config(app, loop='asyncio', http='h11')\n"


def test_a_connection_that_was_just_accepted_is_not_dropped(project: Callable[..., Loop]) -> None:
    """An event loop of Python's own drops it when the server is closed in the same moment."""
    loop = project({"project/app/main.py": PLAIN})
    loop.started("--no-access-log", target="app.main:CONFIG")
    with ExitStack() as clients:
        for _ in range(8):
            clients.enter_context(requests(loop))
        for number in range(15):
            loop.edit("app/main.py", f"'w{number}'", f"'w{number + 1}'")
            loop.wait_for_log("ms: app/main.py\n", times=number + 1)
