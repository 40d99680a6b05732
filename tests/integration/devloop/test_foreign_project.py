"""``python -m devloop app.main:app`` in any project, as uvicorn is started there."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable

import pytest

from tests.integration.devloop.test_trust import SERVER, says
from tests.support.loop import Loop

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("devloop foreign")]

WORD = f"import os\nWORD = os.environ.get('WORD')\nsays = lambda: WORD\n{SERVER}"
CONFIGURED = f"import uvicorn\nsays = lambda: 'yes'\n{SERVER}\nCONFIG = uvicorn.Config(app, access_log=False)\n"
REQUEST = '"GET /path?a=1 HTTP/1.1" 200'


def test_the_log_has_the_real_port_and_every_request(project: Callable[..., Loop]) -> None:
    loop = project({"project/app/main.py": WORD}, WORD="plain")
    loop.port = 0
    loop.start(kind="", target="app.main:app")
    loop.wait_for_log(" started\n")
    found = re.search(
        r"^devloop: running on http://127\.0\.0\.1:(\d+) \(press Ctrl-C to quit\)\ndevloop: watching app; preloading ", loop.log
    )
    assert found is not None, loop.log
    loop.port = int(found[1])
    assert loop.get("/path?a=1").text == "plain"
    loop.get("/__devloop__/refresh.js")
    loop.wait_for_log(REQUEST)
    assert "/__devloop__/" not in loop.log


@pytest.mark.parametrize(
    ("target", "options", "logged"),
    [
        ("app", ["--no-access-log"], False),
        ("CONFIG", [], False),
        ("CONFIG", ["--access-log"], True),
    ],
)
def test_the_access_log_is_an_option_and_a_configuration_keeps_its_own(
    project: Callable[..., Loop], target: str, options: list[str], logged: bool
) -> None:
    loop = project({"project/app/main.py": CONFIGURED})
    loop.start(*options, target=f"app.main:{target}")
    loop.wait_for_log(" started\n")
    assert loop.get("/path?a=1").text == "yes"
    if logged:
        loop.wait_for_log(REQUEST)
    loop.end()
    assert (REQUEST in loop.log) is logged, loop.log


def test_the_logging_configuration_is_a_file(project: Callable[..., Loop]) -> None:
    handler = {"class": "logging.FileHandler", "filename": "access.log"}
    config = {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"file": handler},
        "loggers": {"uvicorn.access": {"handlers": ["file"], "level": logging.INFO}},
    }
    loop = project({"project/app/main.py": WORD, "project/logging.json": json.dumps(config)})
    loop.start("--log-config", "logging.json")
    loop.wait_for_log(" started\n")
    loop.get("/path?a=1")
    loop.end()
    assert REQUEST in (loop.root / "access.log").read_text()
    assert REQUEST not in loop.log


def test_an_edit_of_the_environment_file_is_a_fresh_environment(project: Callable[..., Loop]) -> None:
    """Packages see it too, and a variable that is removed is gone. What was set outside of the file wins, as with uvicorn."""
    files = {
        "packages/thing.py": "import os\nWORD, SET = os.environ.get('WORD'), os.environ.get('SET')\n",
        "project/app/main.py": f"import thing\nsays = lambda: (thing.WORD, thing.SET)\n{SERVER}",
        "conf/dev.env": "WORD=one\nSET=inside\n",
    }
    loop = project(files, PYTHONPATH="../packages", SET="outside")
    loop.start("--env-file", "../conf/dev.env")
    says(loop, "('one', 'outside')")
    loop.settle()
    for text, word in (("WORD='two'", "'two'"), ("", "None")):
        loop.write("../conf/dev.env", text)
        says(loop, f"({word}, 'outside')")
        loop.settle()
