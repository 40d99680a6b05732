"""In development a page loads itself again after an edit, and says why when new code does not start; under the product's strict policy."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.middleware.security_headers import CONTENT_SECURITY_POLICY
from tests.support.loop import Loop
from tests.support.sample_application import write_application

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(sys.platform != "linux", reason="the development loop is for Linux"),
]

POLICY = CONTENT_SECURITY_POLICY[1].decode()


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Loop]:
    """The sample application with the product's policy for pages."""
    root = tmp_path / "project"
    write_application(root)
    running = Loop(root)
    plain = '{"mark": MARK, "base": base.MARK})'
    running.edit("app/routes/pages.py", plain, f'{plain[:-1]}, headers={{"content-security-policy": {POLICY!r}}})')
    yield running
    running.end()


@pytest.fixture
def page(browser: Browser, loop: Loop) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if "Content Security Policy" in message.text else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def test_edits_of_code_and_template_show_by_themselves(loop: Loop, page: Page) -> None:
    from playwright.sync_api import expect

    loop.started()
    page.goto(f"http://127.0.0.1:{loop.port}/")
    expect(page.locator("#mark")).to_have_text("pages")
    loop.edit("app/routes/pages.py", 'MARK = "pages"', 'MARK = "edited"')
    expect(page.locator("#mark")).to_have_text("edited")
    generation = loop.get("/").generation
    loop.edit("app/templates/index.html", "äöü", "another template")
    expect(page.get_by_text("another template")).to_be_visible()
    assert loop.get("/").generation == generation


def test_broken_code_is_shown_over_the_page_and_goes_when_it_is_mended(loop: Loop, page: Page) -> None:
    from playwright.sync_api import expect

    loop.started()
    page.goto(f"http://127.0.0.1:{loop.port}/")
    expect(page.locator("#mark")).to_have_text("pages")
    loop.edit("app/routes/pages.py", 'MARK = "pages"', 'MARK = "<b>broken</b>" +')
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog).to_have_text(re.compile("SyntaxError"))
    expect(page.locator("b")).to_have_count(0)  # what the error quotes is text
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("#mark")).to_have_text("pages")
    page.reload()
    expect(dialog).to_be_visible()  # whoever comes later is told as well
    loop.edit("app/routes/pages.py", 'MARK = "<b>broken</b>" +', 'MARK = "mended"')
    expect(page.locator("#mark")).to_have_text("mended")
    expect(dialog).to_have_count(0)


def test_a_page_that_was_open_over_a_restart_becomes_the_new_code(loop: Loop, page: Page) -> None:
    """The first generation of the new loop has the number of the old one's."""
    from playwright.sync_api import expect

    loop.started()
    page.goto(f"http://127.0.0.1:{loop.port}/")
    expect(page.locator("#mark")).to_have_text("pages")
    loop.end()
    loop.edit("app/routes/pages.py", 'MARK = "pages"', 'MARK = "restarted"')
    loop.started()
    expect(page.locator("#mark")).to_have_text("restarted")
    assert loop.get("/").generation == 1


def test_a_first_start_that_fails_shows_why_and_becomes_the_page(loop: Loop, page: Page) -> None:
    from playwright.sync_api import expect

    loop.edit("app/routes/pages.py", 'MARK = "pages"', "MARK = undefined_name")
    loop.start()
    loop.wait_for_page("NameError")
    page.goto(f"http://127.0.0.1:{loop.port}/")
    expect(page.get_by_role("heading")).to_have_text("The code does not start")
    expect(page.locator("pre")).to_have_text(re.compile("NameError: name 'undefined_name' is not defined"))
    loop.edit("app/routes/pages.py", "MARK = undefined_name", 'MARK = "begun"')
    expect(page.locator("#mark")).to_have_text("begun")
