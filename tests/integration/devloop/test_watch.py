"""How editors, tools and version control change files, and that each way is seen."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.support.loop import Loop
from tests.support.sample_application import BASE, FILES, MARKS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("devloop watch")]


def marked(word: str) -> str:
    return FILES["app/routes/slow.py"].replace('MARK = "slow"', f'MARK = "{word}"')


def test_editors_that_write_beside_and_rename(loop: Loop) -> None:
    file = loop.root / "app/routes/slow.py"
    for number, temporary in enumerate((".slow.py.tmp", "slow.py~", "4913", ".slow.py.swp", "slow.py.tmp.123")):
        written = file.with_name(temporary)
        written.write_text(marked(f"number {number}"))
        written.replace(file)
        loop.wait_for("slow", f"number {number}")


def test_editors_that_keep_a_copy_of_the_old_file(loop: Loop) -> None:
    file = loop.root / "app/routes/slow.py"
    for number in range(3):
        file.rename(file.with_name("slow.py~"))
        file.write_text(marked(f"number {number}"))
        loop.wait_for("slow", f"number {number}")
    file.with_name("slow.py~").unlink()


def test_a_file_is_deleted_and_comes_back(loop: Loop) -> None:
    file = loop.root / "app/routes/slow.py"
    file.unlink()
    loop.wait_for_stale("cannot import name 'slow'")
    loop.write("app/routes/slow.py", marked("back"))
    assert loop.wait_for("slow", "back").stale is None


def test_files_that_are_no_sources_change_nothing(loop: Loop) -> None:
    before = loop.get().generation
    for name in (
        "app/notes.md",
        "app/.hidden.py",
        "app/base.py~",
        "app/.base.py.swp",
        "app/#base.py#",
        "app/__pycache__/x.py",
        "README.txt",
    ):
        loop.write(name, "no python")
    time.sleep(0.5)
    loop.set_mark("slow", "edited")
    assert loop.wait_for("slow", "edited").generation == before + 1
    for name in ("app/__pycache__/x.py", "README.txt"):
        (loop.root / name).unlink()


def test_data_beside_the_code_is_read_again(loop: Loop) -> None:
    loop.write("app/words.json", '"first"')
    loop.write(
        "app/routes/marks.py",
        MARKS.replace('MARK = "marks"', "MARK = __import__('pathlib').Path(__file__).parents[1].joinpath('words.json').read_text()"),
    )
    loop.wait_for("marks", '"first"')
    loop.write("app/words.json", '"second"')
    loop.wait_for("marks", '"second"')


def test_five_hundred_files_at_once_are_few_reloads(loop: Loop) -> None:
    """As at a switch of branches: one after the other, code, pages and data."""
    before, logged, began = loop.get().generation, len(loop.log), time.monotonic()
    for number in range(250):
        loop.write(f"app/many/module{number}.py", f"NUMBER = {number}\n")
        loop.write(f"app/many/page{number}.html", f"{number}")
        time.sleep(0.004)
        if number == 125:
            loop.set_mark("base", "switched")
    loop.write("app/routes/marks.py", MARKS.replace('"marks"\n', "str(sum(m.NUMBER for m in numbers))\n").replace(
        "MARK =", "numbers = [__import__(f'app.many.module{n}', fromlist=['x']) for n in range(250)]\nMARK =", 1
    ))  # fmt: skip
    seconds = time.monotonic() - began  # 1 to 1.5; the longer it takes, the more reloads come in between
    answer = loop.wait_for("marks", str(sum(range(250))))
    assert answer.json()["base"] == "switched"
    loop.settle()
    assert loop.get().generation - before <= 4 * max(1, seconds / 1.5), loop.log[logged:]
    assert " more\n" in loop.log[logged:]


def test_polling_finds_every_edit_and_is_logged(make: Callable[..., Loop]) -> None:
    loop = make().started("--polling", "on")
    loop.wait_for_log("devloop: edits are found by polling every 0.3 s: polling is on\n")
    # several in one second, as of an editor that formats what it has saved
    for word in ("one", "two", "three", "four"):
        loop.set_mark("slow", word)
        loop.wait_for("slow", word)
    loop.write("app/fresh.py", "")
    loop.write("app/base.py", BASE.replace("base", "two") + "from app import fresh\n")
    loop.wait_for("base", "two")
    loop.write(".env", "WORD=three\n")
    loop.wait_for("word", "three")
    loop.write("app/static/style.css", "p {}\n")
    loop.wait_for_log("pages are loaded again: app/static/style.css")


def test_edits_made_while_the_loop_starts_are_not_lost(make: Callable[..., Loop]) -> None:
    loop = make()
    loop.start()
    loop.wait_for_log(" started\n")
    loop.set_mark("slow", "at once")
    loop.wait_for("slow", "at once")
    loop.settle()


def test_links_to_sources_are_followed_to_their_folder(make: Callable[..., Loop]) -> None:
    loop = make()
    link = loop.root.with_name("link")
    link.symlink_to(loop.root)
    loop.started("--watch", str(link / "app"))
    loop.set_mark("slow", "edited")
    loop.wait_for("slow", "edited")
    loop.wait_for_log("ms: app/routes/slow.py")
    link.unlink()
