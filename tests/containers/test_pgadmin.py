"""From `make up-d` to the tables in pgAdmin: no login, no password, no click on either."""

from __future__ import annotations

import shutil
from contextlib import suppress
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from playwright.sync_api import sync_playwright

from tests.browser.conftest import CHROMIUM_ARGUMENTS, CHROMIUM_NAMES
from tests.conftest import CHECKOUT
from tests.containers.stack import Stack, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

#: From the root of the tree to a table.
PATH = ("Servers", "Draft Queen", "Databases", "draft_queen", "Schemas", "public", "Tables", "draft_pick")


def entry(page: Page, name: str) -> Locator:
    """One line of the tree."""
    label = page.locator(".file-name").get_by_text(name, exact=True)
    return page.locator("#id-object-explorer .file-entry", has=label).first


def opens(page: Page, name: str, below: str) -> bool:
    """Whether the node shows what is below it, after a click on its arrow where that is needed.

    A click that comes while pgAdmin draws the tree anew meets nothing, and one that comes while it still connects opens a node without
    anything below it, for good: it has to be closed to be opened again. Whoever calls this asks again, as a person would click again.
    """
    if entry(page, below).is_visible():
        return True
    arrow = entry(page, name).locator(".directory-toggle")
    with suppress(PlaywrightTimeout):
        if "open" in (arrow.get_attribute("class", timeout=5_000) or ""):
            entry(page, below).wait_for(timeout=10_000)
        else:
            arrow.click(timeout=5_000)
            entry(page, below).wait_for(timeout=20_000)
        return True
    with suppress(PlaywrightTimeout):
        if "open" in (arrow.get_attribute("class", timeout=5_000) or ""):
            arrow.click(timeout=5_000)
    return entry(page, below).is_visible()


def test_the_tables_are_there_without_a_login(stack: Stack) -> None:
    chromium = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if chromium is None:
        pytest.skip("there is no Chromium on this machine")
    wait_until(lambda: stack.healthy("pgadmin"), 300, "pgAdmin")
    pictures = CHECKOUT / ".cache" / "containers"
    pictures.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"http://127.0.0.1:{stack.port('PGADMIN_PORT')}/", wait_until="domcontentloaded")
        for name, below in pairwise(PATH):
            wait_until(partial(opens, page, name, below), 180, f"{below} below {name}")
        assert page.locator("input[type=password]:visible").count() == 0
        page.screenshot(path=Path(pictures) / "pgadmin.png")
        browser.close()


def test_nothing_of_pgadmin_is_kept(stack: Stack) -> None:
    mounts = stack.inspect("pgadmin")["HostConfig"]["Tmpfs"]
    assert "/var/lib/pgadmin" in str(mounts)
    volumes = stack.run("docker", "volume", "ls", "--quiet", "--filter", f"label=com.docker.compose.project={stack.project}").stdout
    assert "pgadmin" not in volumes
