"""An edit of code, of a page or of the settings, as the next request and the open page see it."""

from __future__ import annotations

import importlib.util
import os
import re
import struct
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.loop import Loop, parent
from tests.support.sample_application import BASE, FILES, INDEX, MAIN, MARKS
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("devloop reload")]


def test_an_edit_answers_with_new_code_from_a_new_process(loop: Loop) -> None:
    before = loop.get()
    loop.set_mark("marks", "edited")
    after = loop.wait_for("marks", "edited")
    assert after.generation == before.generation + 1
    assert after.stale is None
    assert after.json()["pid"] != before.json()["pid"]
    loop.wait_for_log(f"generation {after.generation} after ")
    line = next(line for line in loop.log.splitlines() if f"generation {after.generation} after " in line)
    assert re.fullmatch(rf"devloop: generation {after.generation} after \d+ ms: app/routes/marks.py", line)


def test_edits_of_one_file_are_answered_by_the_process_that_waited_for_them(loop: Loop) -> None:
    for number in range(30):
        loop.settle()
        time.sleep(0.3)  # a warm process that is still importing is not taken
        waiting = [pid for pid in loop.forked() if pid != loop.get().json()["pid"]]
        loop.set_mark("slow", f"number {number}")
        if loop.wait_for("slow", f"number {number}").json()["pid"] in waiting:
            return
    pytest.fail(loop.log)


def test_an_edit_of_what_everything_imports_reaches_every_module(loop: Loop) -> None:
    loop.set_mark("base", "edited")
    answer = loop.wait_for("base", "edited").json()
    assert answer["started"] == "edited"
    assert "edited" in loop.get("/").text


def test_a_new_module_and_edits_of_it(loop: Loop) -> None:
    loop.write("app/fresh.py", 'WORD = "fresh"\n')
    loop.write(
        "app/routes/marks.py", MARKS.replace("from app import base,", "from app import fresh, base,").replace('"marks"\n', "fresh.WORD\n")
    )
    loop.wait_for("marks", "fresh")
    for word in ("first", "second"):
        loop.write("app/fresh.py", f'WORD = "{word}"\n')
        loop.wait_for("marks", word)


def test_a_module_becomes_a_package(loop: Loop) -> None:
    loop.write("app/base/__init__.py", "from app.base.inner import MARK\n")  # a package goes before a module of its name
    loop.write("app/base/inner.py", 'MARK = "inner"\n')
    loop.wait_for("base", "inner")
    loop.write("app/base/inner.py", 'MARK = "edited"\n')
    loop.wait_for("base", "edited")
    (loop.root / "app/base/__init__.py").unlink()
    loop.wait_for("base", "base")


def test_the_init_of_a_package_is_edited(loop: Loop) -> None:
    loop.write("app/routes/__init__.py", 'WORD = "from the package"\n')
    loop.write("app/routes/marks.py", MARKS.replace("import slow", "import WORD, slow").replace('"marks"\n', "WORD\n"))
    loop.wait_for("marks", "from the package")
    loop.write("app/routes/__init__.py", 'WORD = "edited"\n')
    loop.wait_for("marks", "edited")


def test_templates_and_static_files_refresh_pages_without_new_code(loop: Loop) -> None:
    before = loop.get()
    with loop.events() as event:
        kind, told = event()
        assert re.fullmatch("[0-9a-f]{8}", told["supervisor"])
        assert (kind, told) == ("hello", {"supervisor": told["supervisor"], "generation": before.generation, "error": ""})
        loop.write("app/templates/index.html", INDEX.replace("äöü", "another"))
        assert event() == ("refresh", {})
        assert "another" in loop.get("/").text
        loop.write("app/static/style.css", "p { color: green }\n")
        assert event() == ("refresh", {})
        assert "green" in loop.get("/static/style.css").text
    after = loop.get()
    assert (after.generation, after.json()["pid"]) == (before.generation, before.json()["pid"])
    loop.wait_for_log("pages are loaded again: app/static/style.css")


def test_open_pages_are_told_of_new_code_and_of_code_that_does_not_start(loop: Loop) -> None:
    with loop.events() as event:
        supervisor = event()[1]["supervisor"]
        loop.write("app/base.py", "MARK =\n")
        kind, told = event()
        assert kind == "stale"
        assert "SyntaxError" in told["error"]
        loop.write("app/base.py", BASE + "\n# mended\n")
        while kind != "end":  # the stream ends with its process, and the browser connects to the next one
            kind, told = event()
    with loop.events() as event:
        kind, told = event()
        assert kind == "hello"
        assert told == {"supervisor": supervisor, "generation": loop.get().generation, "error": ""}


def test_the_settings_file_is_read_again(loop: Loop) -> None:
    loop.write(".env", "WORD=second\n")
    assert loop.wait_for("word", "second").stale is None
    loop.wait_for_log("ms: .env")
    (loop.root / ".env").unlink()
    loop.wait_for("word", "base")
    loop.write(".env", "WORD=third\n")
    loop.wait_for("word", "third")


def test_a_page_of_another_host_is_told_of_an_error_and_not_what_it_says(loop: Loop) -> None:
    """Whoever owns a name can make it lead here, and read what is answered under it."""
    with loop.events(f"rebound.example:{loop.port}") as foreign, loop.events(f"localhost:{loop.port}") as own:
        assert {foreign()[0], own()[0]} == {"hello"}
        loop.edit("app/base.py", 'MARK = "base"', "MARK = undefined_name")
        kind, told = own()
        assert (kind, "undefined_name" in told["error"]) == ("stale", True)
        kind, told = foreign()
        assert kind == "stale"
        assert told["error"].startswith("The traceback is in the terminal.")
    with loop.events("rebound.example") as late:
        assert late()[1]["error"].startswith("The traceback is in the terminal.")


def script_element(loop: Loop) -> str:
    with loop.events() as event:
        told = event()[1]
    return f'<script src="/__devloop__/refresh.js?supervisor={told["supervisor"]}&amp;generation={told["generation"]}" defer></script>'


def test_pages_get_the_script_and_a_length_that_is_right(loop: Loop) -> None:
    page = loop.get("/", accept="text/html,*/*")
    element = script_element(loop)
    assert f"generation={page.generation}" in element
    assert page.text.endswith(element + "\n")
    assert int(page.headers["content-length"]) == len(page.body)
    file = loop.get("/file", accept="text/html")
    assert file.text == INDEX + element + "\n"
    assert int(file.headers["content-length"]) == len(file.body)
    assert file.headers["cache-control"] == "no-store"
    assert "etag" not in file.headers
    script = loop.get("/__devloop__/refresh.js?generation=1")
    assert "EventSource" in script.text
    assert loop.get("/__devloop__/other").status == 404


def test_other_answers_are_left_as_they_are(loop: Loop) -> None:
    assert "__devloop__" not in loop.get("/marks", accept="text/html").text
    assert "__devloop__" not in loop.get("/").text  # a script that asks for a part of a page
    head = loop.get("/", "HEAD")
    assert head.body == b""
    assert int(head.headers["content-length"]) == len(loop.get("/", accept="text/html").body) - len(script_element(loop)) - 1
    assert loop.get("/compressed").headers["content-encoding"] == "gzip"
    assert b"__devloop__" not in loop.get("/compressed", accept="text/html").body
    unchanged = loop.get("/unchanged", accept="text/html")
    assert (unchanged.status, unchanged.headers["etag"], unchanged.body) == (304, '"1"', b"")
    part = loop.get("/file", Range="bytes=0-9", accept="text/html")
    assert (part.status, part.text) == (206, INDEX[:10])
    assert "Exception in ASGI application" not in loop.log


def bytecode_header(compiled: Path) -> bytes | None:
    """What Python compares with the source: its second and its size."""
    return compiled.read_bytes()[8:16] if compiled.is_file() else None


def test_edits_of_equal_size_within_a_second_are_not_taken_for_the_old_ones(loop: Loop) -> None:
    file = loop.root / "app/routes/marks.py"
    compiled = Path(importlib.util.cache_from_source(str(file)))
    second = 1_700_000_000  # of every edit: bytecode is believed by it and by the size
    for number in range(10, 20):
        text = FILES["app/routes/marks.py"].replace('MARK = "marks"', f'MARK = "number {number}"')
        written = file.with_suffix(".written")
        written.write_text(text)
        os.utime(written, (second, second))
        written.replace(file)  # one edit, which has this time from the start
        loop.wait_for("marks", f"number {number}")
        header = struct.pack("<II", second, len(text.encode()))
        until(lambda header=header: bytecode_header(compiled) == header, lambda: "no bytecode that the next edit could be taken for")  # type: ignore[misc]
    sizes = {file.stat().st_size}
    assert sizes == {len(FILES["app/routes/marks.py"]) + len("number 10") - len("marks")}


def test_a_clock_that_goes_backwards_does_not_hide_an_edit(loop: Loop) -> None:
    for age, word in ((0, "now"), (3600, "an hour ago"), (10**9, "long ago")):
        loop.set_mark("slow", word)
        past = time.time() - age
        os.utime(loop.root / "app/routes/slow.py", (past, past))
        loop.wait_for("slow", word)


def test_a_module_is_renamed(loop: Loop) -> None:
    (loop.root / "app/base.py").rename(loop.root / "app/ground.py")
    stale = loop.wait_for_stale("base")
    assert "ImportError" in (stale.stale or "")
    assert stale.json()["base"] == "base"
    for name in ("settings", "startup", "routes/marks", "routes/pages", "routes/slow"):
        loop.edit(f"app/{name}.py", "from app import base", "from app import ground as base")
    loop.edit("app/ground.py", '"base"', '"ground"')
    assert loop.wait_for("base", "ground").stale is None


def test_a_module_that_nobody_imports_any_more_is_deleted(loop: Loop) -> None:
    loop.write("app/main.py", MAIN.replace("marks, pages, slow\n", "marks, slow\n").replace("(marks, pages, slow)", "(marks, slow)"))
    loop.wait_for_page("Not Found", 404)
    before = loop.get().generation
    (loop.root / "app/routes/pages.py").unlink()
    answer = loop.get()
    loop.set_mark("marks", "after")
    answer = loop.wait_for("marks", "after")
    assert answer.stale is None
    assert answer.generation > before
    assert loop.get("/").status == 404


def test_the_first_start_learns_what_the_next_one_imports_ahead(make: Callable[..., Loop]) -> None:
    """An edit that interrupts the learning neither leaves a zygote over nor keeps it from being used."""
    loop = make()
    for file in (loop.root / ".cache" / "devloop").iterdir():
        file.unlink()
    loop.start()
    loop.wait_for_log(" started\n")
    first = parent(loop.get().json()["pid"])
    for number in range(3):
        time.sleep(0.25)  # in the middle of the second zygote's imports
        loop.set_mark("slow", f"number {number}")
    loop.wait_for("slow", "number 2")
    until(lambda: loop.zygote() != first, lambda: loop.log)
    loop.settle()
    loop.set_mark("slow", "last")
    assert parent(loop.wait_for("slow", "last").json()["pid"]) == loop.zygote() != first
    loop.settle()
    assert len(loop.processes()) <= 4
