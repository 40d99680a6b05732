"""A first start that cannot work, and starts that take for ever."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT
from tests.support.loop import Loop
from tests.support.sample_application import BASE
from tests.support.waiting import PATIENCE, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("devloop first start")]

REQUESTS_GET = "the code does not start, requests get the error until the next edit"


def test_code_that_is_broken_at_the_first_start_answers_with_the_error(make: Callable[..., Loop]) -> None:
    loop = make()
    loop.write("app/base.py", "MARK = '<b>' + 1\n")
    loop.start()
    page = loop.wait_for_page("TypeError: can only concatenate str")
    assert "&lt;b&gt;" in page.text
    assert "Traceback (most recent call last)" in page.text
    assert "app/base.py" in page.text
    assert int(page.headers["content-length"]) == len(page.body)
    assert page.stale == "the code does not start"
    assert (loop.get("/", "HEAD").status, loop.get("/", "HEAD").body) == (500, b"")
    assert loop.get("/anything", "POST").status == 500
    assert "EventSource" in loop.get("/__devloop__/refresh.js").text
    foreign = loop.get("/", Host=f"rebound.example:{loop.port}")
    assert (foreign.status, int(foreign.headers["content-length"])) == (500, len(foreign.body))
    assert "TypeError" not in foreign.text
    assert "base.py" not in foreign.text
    with loop.events() as event:
        assert event()[0] == "hello"
    assert REQUESTS_GET in loop.log
    loop.write("app/base.py", "MARK =\n")
    loop.wait_for_page("SyntaxError")
    loop.write("app/base.py", BASE)
    mended = loop.wait_for("base", "base")
    assert mended.stale is None
    assert mended.generation > page.generation
    loop.settle()


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("app.missing:app", "target 'app.missing:app': there is no module 'app.missing' in {root} (--app-dir names another folder)"),
        ("app.main:ap", "module 'app.main' has no attribute 'ap'; did you mean 'app'?"),
        ("nowhere.main:app", "target 'nowhere.main:app': there is no module 'nowhere' in {root} (--app-dir names another folder)"),
        ("app.settings:WORD", "the target is not an ASGI application: its type is str"),
    ],
)
def test_a_target_that_does_not_exist_is_one_message(make: Callable[..., Loop], target: str, message: str) -> None:
    loop = make()
    loop.start(target=target)
    loop.wait_for_log(f"{REQUESTS_GET}: {message.format(root=loop.root)}")
    assert loop.get("/").status == 500
    assert "Traceback" not in loop.log


def test_an_endless_import_is_said_with_its_place_and_replaced_by_the_next_edit(make: Callable[..., Loop]) -> None:
    """At the first start, and at an edit of code that works."""
    first, later = make(), make()
    later.started()
    first.write("app/base.py", "while True:\n    pass\n")
    first.start()
    later.write("app/base.py", "import time\nwhile True:\n    time.sleep(0.01)\n")
    page = first.wait_for_page("The code has not started yet: the log says where it is.", status=503)
    assert (page.status, page.stale, page.headers["retry-after"]) == (503, "the code is starting", "2")
    assert "<h1>The code is starting</h1>" in page.text
    assert page.generation == 0, "the open page takes generation 1 for newer, and loads itself again"
    for loop in (first, later):
        until(partial(said_place, loop), lambda loop=loop: loop.log)  # type: ignore[misc]
    assert said_place(first) in {1, 2}
    assert said_place(later) == 3
    assert later.get().json()["base"] == "base"
    for loop in (first, later):
        loop.write("app/base.py", BASE.replace("base", "mended"))
        assert loop.wait_for("base", "mended").stale is None
        loop.settle()


def test_corrected_code_that_starts_slowly_is_said_to_start_and_not_to_be_broken(make: Callable[..., Loop]) -> None:
    loop = make()
    go = loop.root.parent / "go"
    loop.write("app/base.py", "MARK =\n")
    loop.start()
    loop.wait_for_page("SyntaxError")
    origins = [origin(loop)]
    loop.write(
        "app/base.py", f"from pathlib import Path\nfrom time import sleep\nwhile not Path({str(go)!r}).exists():\n    sleep(0.01)\n{BASE}"
    )
    page = loop.wait_for_page("The code has not started yet: the log says where it is.", status=503)
    assert "SyntaxError" not in page.text
    origins.append(origin(loop))
    go.touch()
    assert loop.wait_for("base", "base").stale is None
    origins.append(origin(loop))
    assert len(set(origins)) == len(origins), "an open page loads itself again when another one has taken its place"


def said_place(loop: Loop) -> int | None:
    """The line of the module in the stack that follows the report of a slow start, which comes after 10 s or a little more."""
    found = re.search(r'has not started after 1\d s; it is here:\n(?:.*\n)*?  File "[^"]*app/base\.py", line (\d+) in <module>', loop.log)
    return int(found[1]) if found else None


def origin(loop: Loop) -> tuple[str, int]:
    """What an open page compares with its own to know whether it is the current one."""
    with loop.events() as event:
        _, told = event()
    return told["supervisor"], told["generation"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["asgi", "app.main"], "'app.main' is not module:attribute, as in app.main:app"),
        (["asgi", ":app"], "':app' is not module:attribute"),
        (["other", "app.main:app"], "'other' is not module:attribute"),
        (["asgi", "app.main:app", "--watch", "nowhere"], "there is no folder"),
        (["asgi", "app.main:app", "--root", "nowhere"], "there is no folder"),
        (["asgi", "app.main:app", "--port", "99999"], "--port 99999 is not a valid port: 1 to 65535"),
        (["asgi", "app.main:app", "--host", "203.0.113.1"], "cannot listen on 203.0.113.1:8000 ("),
        (["asgi", "app.main:app", "--host", "a..b"], "cannot listen on a..b:8000 ("),
        (["asgi", "app.main:app", "--fd", "77"], "cannot listen on --fd 77 ("),
        (["--host", "a..b", "asgi", "app.main:app"], "cannot listen on a..b:8000 ("),
    ],
)
def test_a_command_that_makes_no_sense_gets_a_sentence(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "devloop", *arguments],
        cwd=tmp_path, env={"PYTHONPATH": str(CHECKOUT)}, capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert ran.returncode == 2
    assert sentence in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_port_that_is_taken_gets_a_sentence(loop: Loop) -> None:
    second = Loop(loop.root)
    second.port = loop.port
    second.start()
    assert second.wait() == 2
    assert f"devloop: cannot listen on 127.0.0.1:{loop.port} (Address already in use): choose another --port." in second.log
    second.assert_nobody_is_left()
