"""Code that does not start: what the log, the header, the page and the open browser say, and how an edit mends it."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT
from tests.support.loop import Loop, ask
from tests.support.sample_application import BASE, FILES, MAIN, MARKS, SETTINGS, SLOW, STARTUP

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("devloop bad input")]

KEEPS = "the new code does not start, the last good code keeps working"
REQUESTS_GET = "the code does not start, requests get the error until the next edit"


@pytest.mark.parametrize(
    ("name", "text", "told", "in_log"),
    [
        pytest.param("app/base.py", "MARK =\n", "SyntaxError: invalid syntax", 'base.py", line 1', id="syntax error"),
        pytest.param("app/base.py", BASE + "import no_such\n", "No module named 'no_such'", 'base.py", line 3', id="import error"),
        pytest.param("app/base.py", "MARK = 1 / 0\n", "ZeroDivisionError: division by zero", 'base.py", line 1', id="an exception"),
        pytest.param("app/base.py", b"MARK = '\xff'\n", "SyntaxError: (unicode error)", "base.py", id="no UTF-8"),
        pytest.param("app/base.py", b"MARK = '\0'\n", "null bytes", "", id="a null byte"),
        pytest.param("app/base.py", "", "AttributeError: module 'app.base' has no attribute 'MARK'", "startup.py", id="emptied"),
        pytest.param("app/main.py", "x = 1\n", "AttributeError: module 'app.main' has no attribute 'app'", "", id="no application"),
        pytest.param(
            "app/startup.py", STARTUP.replace("STARTED.append(base.MARK)", "raise ValueError('no such table')"),
            "ValueError: no such table", 'startup.py", line 10, in begin', id="the start-up",
        ),
        pytest.param("app/base.py", "import os\nos._exit(7)\n", "it ended with exit code 7 while it was imported", "", id="_exit"),
        pytest.param("app/base.py", "import os\nos.abort()\n", "it was killed by SIGABRT while it was imported", "", id="abort"),
        pytest.param("app/base.py", "import sys\nsys.exit('set WORD first')\n", "set WORD first", "", id="a sentence"),
        pytest.param("app/base.py", "raise SystemExit(4)\n", "The code asked to end with exit code 4 when it was imported", "", id="a code"),  # noqa: E501
        pytest.param("app/base.py", "raise ValueError('ä\\n\\nö')\n", "\\xf6", "ValueError: ä", id="lines, letters"),
        pytest.param("app/base.py", "raise ValueError('word ' * 9000)\n", "word word", "word word", id="an endless message"),
        pytest.param("app/base.py", "raise KeyboardInterrupt\n", "KeyboardInterrupt", 'base.py", line 1', id="an interrupt"),
    ],
)  # fmt: skip
def test_the_last_good_code_goes_on_and_says_why(loop: Loop, name: str, text: str | bytes, told: str, in_log: str) -> None:
    before, logged = loop.get(), len(loop.log)
    (loop.root / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    stale = loop.wait_for_stale(told)
    assert (stale.status, stale.json()) == (200, before.json())
    assert stale.generation == before.generation
    loop.wait_for_log(KEEPS, since=logged)
    assert in_log in loop.log[logged:]
    with loop.events() as event:
        kind, fields = event()
        assert kind == "hello"
        assert told in fields["error"] or not told.isascii() or told.startswith("\\x")
    with loop.connection() as connection:  # connections that stay open are told as well
        assert [ask(connection, "/marks").stale == stale.stale for _ in range(2)] == [True, True]
    loop.write(name, FILES[name].replace('MARK = "base"', 'MARK = "mended"'))
    loop.wait_for_log("devloop: generation", since=logged)
    mended = loop.get()
    assert mended.stale is None
    assert mended.generation > before.generation


def test_an_edit_of_another_file_does_not_hide_what_is_broken(loop: Loop) -> None:
    loop.write("app/base.py", "MARK =\n")
    loop.wait_for_stale("SyntaxError")
    logged = len(loop.log)
    loop.set_mark("slow", "good")
    loop.wait_for_log(KEEPS, since=logged)
    assert loop.get().json()["slow"] == "slow"
    loop.write("app/base.py", BASE)
    loop.wait_for("slow", "good")


def test_a_circle_of_imports_fails_as_it_would_at_a_fresh_start(loop: Loop) -> None:
    """`slow` begins to need `marks`, which needs `slow`: in the order of a warm process it would work."""
    loop.set_mark("slow", "edited last, so that it is expected to be edited next")
    loop.wait_for("slow", "edited last, so that it is expected to be edited next")
    loop.settle()
    loop.write(
        "app/routes/slow.py", SLOW.replace("from app import base\n", "from app import base\nfrom app.routes.marks import router as other\n")
    )
    stale = loop.wait_for_stale("circular import")
    assert "ImportError: cannot import name" in (stale.stale or "")


@pytest.mark.parametrize(
    "text",
    [
        """
        import threading
        END = threading.Event()
        THREAD = threading.Thread(target=END.wait, daemon=True)
        THREAD.start()
        check = THREAD.is_alive
        """,
        """
        import asyncio
        LOOP = asyncio.new_event_loop()
        FOUND = LOOP.run_until_complete(asyncio.sleep(0, True))
        def check(): return FOUND
        """,
        """
        import socket
        HERE, THERE = socket.socketpair()
        def check(): return HERE.send(b"x") == 1 and THERE.recv(1) == b"x"
        """,
    ],
    ids=["a thread", "an event loop", "a connection"],
)
def test_modules_may_open_what_they_want_when_they_are_imported(loop: Loop, text: str) -> None:
    """In a warm process too: nothing is forked from it."""
    loop.write("app/settings.py", SETTINGS + textwrap.dedent(text))
    loop.write("app/routes/marks.py", MARKS.replace('"marks": MARK', '"marks": str(settings.check())'))
    loop.wait_for("marks", "True")
    for word in ("again", "and again"):
        loop.settle()
        loop.set_mark("slow", word)
        assert loop.wait_for("slow", word).json()["marks"] == "True"


def test_a_package_that_starts_a_thread_is_left_out_of_the_zygote_and_said_once(make: Callable[..., Loop], tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    busy = packages / "busy"
    busy.mkdir(parents=True)
    (busy / "__init__.py").write_text(
        "import threading\nEND = threading.Event()\nTHREAD = threading.Thread(target=END.wait, daemon=True)\nTHREAD.start()\n"
    )
    parts = [f"part{number}" for number in range(10)]
    for part in parts:
        (busy / f"{part}.py").write_text("VALUE = 1\n")
    loop = make(PYTHONPATH=str(packages))
    loop.write("app/base.py", "import busy\n" + "".join(f"import busy.{part}\n" for part in parts) + 'MARK = f"{busy.THREAD.is_alive()}"\n')
    for file in (loop.root / ".cache" / "devloop").iterdir():
        file.unlink()
    loop.started()
    assert loop.mark("base") == "True"
    loop.edit("app/base.py", 'MARK = f"', 'MARK = f"edited ')
    loop.wait_for("base", "edited True")
    loop.settle()
    assert loop.log.count("starts a thread when it is imported") == 1, loop.log
    assert "busy starts a thread when it is imported, so every worker imports it by itself" in loop.log
    loop.end()
    logged = len(loop.log)
    loop.started()
    assert loop.mark("base") == "edited True"
    assert "starts a thread" not in loop.log[logged:], "it is remembered for the next start"


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


@pytest.mark.parametrize("target", ["app.missing:app", "app.main:missing", "nowhere:app", "app.settings:WORD"])
def test_a_target_that_does_not_exist_is_said(make: Callable[..., Loop], target: str) -> None:
    loop = make()
    loop.start(target=target)
    loop.wait_for_log(REQUESTS_GET)
    assert loop.get("/").status == 500


def test_an_endless_import_is_said_with_its_place_and_replaced_by_the_next_edit(make: Callable[..., Loop]) -> None:
    """At the first start, and at an edit of code that works."""
    first, later = make(), make()
    later.started()
    first.write("app/base.py", "while True:\n    pass\n")
    first.start()
    later.write("app/base.py", "import time\nwhile True:\n    time.sleep(0.01)\n")
    page = first.wait_for_page("The code has not started yet: the log says where it is.")
    assert page.stale is not None
    for loop in (first, later):
        loop.wait_for_log("the new code has not started after 10 s; it is here:")
    first.wait_for_log('app/base.py", line')
    later.wait_for_log('app/base.py", line 3')
    assert later.get().json()["base"] == "base"
    for loop in (first, later):
        loop.write("app/base.py", BASE.replace("base", "mended"))
        assert loop.wait_for("base", "mended").stale is None
        loop.settle()


def test_a_file_that_is_emptied_and_then_written_is_one_edit(loop: Loop) -> None:
    logged = len(loop.log)
    for number in range(5):
        (loop.root / "app/base.py").write_text("")
        time.sleep(0.02)
        loop.write("app/base.py", BASE.replace("base", f"number {number}"))
        loop.wait_for("base", f"number {number}")
    assert KEEPS not in loop.log[logged:]


LOCK = """
# the versions of this project
fastapi==0.0.1 \\
    --hash=sha256:00
no-such-package==1.2 ; sys_platform == 'win32'
certainly-not-installed==1.2.3
"""


def test_a_lock_that_asks_for_what_is_not_installed_is_said_with_the_command(make: Callable[..., Loop]) -> None:
    loop = make()
    lock = loop.write("requirements/dev.txt", f"fastapi=={importlib.metadata.version('fastapi')} \\\n")
    loop.started("--lock", "requirements/dev.txt", "--install", "make install")
    zygote = loop.zygote()
    lock.write_text(textwrap.dedent(LOCK))
    loop.wait_for_log("the lock files ask for fastapi 0.0.1 (")
    loop.wait_for_log("certainly-not-installed 1.2.3 (not installed); install them: make install")
    assert "no-such-package" not in loop.log
    loop.wait_for_log("ms: requirements/dev.txt")
    loop.settle()
    assert loop.get().status == 200
    assert loop.zygote() != zygote
    zygote, logged = loop.zygote(), len(loop.log)
    lock.write_text(f"fastapi=={importlib.metadata.version('fastapi')}\n")
    loop.wait_for_log("ms: requirements/dev.txt", since=logged)
    loop.settle()
    assert loop.zygote() != zygote
    assert "ask for" not in loop.log[logged:]
    lock.unlink()
    loop.wait_for_log("ms: requirements/dev.txt", since=logged, times=2)
    assert loop.get().status == 200
    loop.settle()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["asgi", "app.main"], "'app.main' is not module:attribute, as in app.main:app"),
        (["asgi", ":app"], "':app' is not module:attribute"),
        (["other", "app.main:app"], "invalid choice: 'other'"),
        (["asgi", "app.main:app", "--watch", "nowhere"], "there is no folder"),
        (["asgi", "app.main:app", "--root", "nowhere"], "there is no folder"),
        (["asgi", "app.main:app", "--port", "99999"], "cannot listen on 127.0.0.1:99999"),
        (["asgi", "app.main:app", "--host", "203.0.113.1"], "cannot listen on 203.0.113.1:8000 ("),
        (["asgi", "app.main:app", "--host", "a..b"], "cannot listen on a..b:8000 ("),
        (["asgi", "app.main:app", "--fd", "77"], "cannot listen on"),
    ],
)
def test_a_command_that_makes_no_sense_gets_a_sentence(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "devloop", *arguments],
        cwd=tmp_path, env={"PYTHONPATH": str(CHECKOUT)}, capture_output=True, text=True, check=False, timeout=30,
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


def test_main_may_be_rewritten(loop: Loop) -> None:
    loop.write("app/main.py", "async def app(scope, receive, send):\n    raise ValueError('not yet')\n")
    loop.wait_for_page("Internal Server Error")
    loop.write("app/main.py", MAIN)
    loop.wait_for("base", "base")
