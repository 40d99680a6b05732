"""Code that does not start: what the log, the header, the page and the open browser say, and how an edit mends it."""

from __future__ import annotations

import textwrap
import time

import pytest

from devloop import watch
from tests.support.loop import Loop, ask
from tests.support.sample_application import BASE, FILES, MAIN, MARKS, READS_WORDS, SETTINGS, SLOW, STARTUP
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("devloop bad input")]

KEEPS = "the new code does not start, the last good code keeps working"


@pytest.mark.parametrize(
    ("name", "text", "told", "in_log"),
    [
        pytest.param("app/base.py", "MARK =\n", "SyntaxError: invalid syntax", 'base.py", line 1', id="syntax error"),
        pytest.param("app/base.py", BASE + "import no_such\n", "No module named 'no_such'", 'base.py", line 3', id="import error"),
        pytest.param("app/base.py", "MARK = 1 / 0\n", "ZeroDivisionError: division by zero", 'base.py", line 1', id="an exception"),
        pytest.param("app/base.py", b"MARK = '\xff'\n", "SyntaxError: (unicode error)", "base.py", id="no UTF-8"),
        pytest.param("app/base.py", b"MARK = '\0'\n", "null bytes", "", id="a null byte"),
        pytest.param("app/base.py", "", "AttributeError: module 'app.base' has no attribute 'MARK'", "startup.py", id="emptied"),
        pytest.param("app/main.py", "x = 1\n", "module 'app.main' has no attribute 'app'", "", id="no application"),
        pytest.param(
            "app/startup.py", STARTUP.replace("STARTED.append(base.MARK)", "raise ValueError('no such table')"),
            "ValueError: no such table", 'startup.py", line 10, in begin', id="the start-up",
        ),
        pytest.param("app/base.py", "import os\nos._exit(7)\n", "it ended with exit code 7", "", id="_exit"),
        pytest.param("app/base.py", "import os\nos.abort()\n", "it was killed by SIGABRT", "", id="abort"),
        pytest.param("app/base.py", "import sys\nsys.exit('set WORD first')\n", "set WORD first", "", id="a sentence"),
        pytest.param("app/base.py", "import sys\nsys.exit(' ')\n", "it ended with exit code 1", "", id="an empty sentence"),
        pytest.param("app/base.py", "raise SystemExit(4)\n", "The code asked to end with exit code 4 when it was imported", "", id="a code"),  # noqa: E501
        pytest.param("app/base.py", "raise ValueError('ä\\n\\nö')\n", "ValueError: \\xe4", "ValueError: ä", id="lines, letters"),
        pytest.param("app/base.py", "raise ValueError('word ' * 9000)\n", "word word", "word word", id="an endless message"),
        pytest.param("app/base.py", "raise KeyboardInterrupt\n", "KeyboardInterrupt", 'base.py", line 1', id="an interrupt"),
    ],
)  # fmt: skip
def test_the_last_good_code_goes_on_and_says_why(loop: Loop, name: str, text: str | bytes, told: str, in_log: str) -> None:
    before, logged = loop.get(), len(loop.log)
    loop.write(name, text)
    stale = loop.wait_for_stale(told)
    assert (stale.status, stale.json()) == (200, before.json())
    assert stale.generation == before.generation
    loop.wait_for_log(KEEPS, since=logged)
    assert in_log in loop.log[logged:]
    with loop.events() as event:
        kind, fields = event()
        assert kind == "hello"
        assert told.encode().decode("unicode_escape") in fields["error"]  # a header has ASCII alone
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


def test_an_import_that_another_module_relied_on_is_removed(loop: Loop) -> None:
    """`marks` uses what `slow` happens to import: a warm process that has it already would hide that nobody imports it any more."""
    loop.write("app/extra.py", 'WORD = "extra"\n')
    loop.write("app/routes/slow.py", SLOW.replace("from app import base\n", "import app.extra\nfrom app import base\n"))
    loop.write(
        "app/routes/marks.py",
        MARKS.replace("from app import base,", "import app\nfrom app import base,").replace('"marks"\n', "app.extra.WORD\n"),
    )
    loop.wait_for("marks", "extra")
    for word in ("one", "two", "three"):  # so that all of them are expected to be edited next, and `extra` is imported ahead
        loop.edit("app/routes/slow.py", "MARK = ", f"WORD_{word} = 1\nMARK = ")
        before = len(loop.generations)
        until(lambda before=before: len(loop.generations) > before, lambda: loop.log)  # type: ignore[misc]
        loop.settle()
    loop.edit("app/routes/slow.py", "import app.extra\n", "")
    stale = loop.wait_for_stale("AttributeError")
    assert "'app' has no attribute 'extra'" in (stale.stale or "")


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


def test_a_file_that_is_emptied_and_then_written_is_one_edit(loop: Loop) -> None:
    for number in range(5):
        logged, emptied = len(loop.log), time.monotonic()
        (loop.root / "app/base.py").write_text("")
        time.sleep(0.02)
        (loop.root / "app/base.py").write_text(BASE.replace("base", f"number {number}"))
        in_time = time.monotonic() - emptied < watch._EMPTY_SECONDS  # not when somebody else had the processors
        loop.wait_for("base", f"number {number}")
        assert KEEPS not in loop.log[logged:] or not in_time


def test_a_start_that_fails_while_a_file_is_written_is_repeated_and_not_reported(loop: Loop) -> None:
    """The file is not watched, so that no edit replaces the start."""
    folder, logged = loop.root.parent, len(loop.log)
    (folder / "words.txt").write_text("")
    loop.write("app/base.py", READS_WORDS)
    until((folder / "read").exists, lambda: loop.log)
    (folder / "words.txt").write_text("written\n")
    (folder / "go").touch()
    loop.wait_for("base", "written")
    assert KEEPS not in loop.log[logged:]
    assert "words.txt changed while the new code started: starting it again" in loop.log[logged:]


def test_a_start_that_changes_what_it_reads_is_not_repeated_without_end(loop: Loop) -> None:
    words, logged = loop.root.parent / "words.txt", len(loop.log)
    words.touch()
    loop.write("app/base.py", f"import subprocess\nopen({str(words)!r}).read()\nsubprocess.run(['touch', {str(words)!r}])\nMARK\n")
    loop.wait_for_stale("NameError")
    assert loop.log[logged:].count("starting it again") == 3


def test_main_may_be_rewritten(loop: Loop) -> None:
    loop.write("app/main.py", "async def app(scope, receive, send):\n    raise ValueError('not yet')\n")
    loop.wait_for_page("Internal Server Error")
    loop.write("app/main.py", MAIN)
    loop.wait_for("base", "base")
