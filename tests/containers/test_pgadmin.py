"""From `make up-d` to the tables in pgAdmin: no login, no password, no click on either."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import CHROMIUM_ARGUMENTS, CHROMIUM_NAMES
from tests.conftest import CHECKOUT
from tests.containers.stack import Stack, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Page

#: From the root of the tree to the list of tables.
PATH = ("Servers", "Draft Queen", "Databases", "draft_queen", "Schemas", "public", "Tables")


def open_node(page: Page, name: str) -> None:
    """Open one node of the tree by its arrow."""
    label = page.locator(".file-name").get_by_text(name, exact=True)
    entry = page.locator("#id-object-explorer .file-entry", has=label).first
    entry.wait_for(timeout=60_000)
    arrow = entry.locator(".directory-toggle")
    if "open" not in (arrow.get_attribute("class") or ""):
        arrow.click()


def test_the_tables_are_there_without_a_login(stack: Stack) -> None:
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if chromium is None:
        pytest.skip("there is no Chromium on this machine")
    wait_until(lambda: stack.healthy("pgadmin"), 120, "pgAdmin")
    pictures = CHECKOUT / ".cache" / "containers"
    pictures.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"http://127.0.0.1:{stack.port('PGADMIN_PORT')}/", wait_until="domcontentloaded")
        for name in PATH:
            open_node(page, name)
        table = page.locator("#id-object-explorer").get_by_text("draft_pick", exact=True)
        table.wait_for(timeout=60_000)
        assert page.locator("input[type=password]:visible").count() == 0
        page.screenshot(path=Path(pictures) / "pgadmin.png")
        browser.close()


def test_nothing_of_pgadmin_is_kept(stack: Stack) -> None:
    mounts = stack.inspect("pgadmin")["HostConfig"]["Tmpfs"]
    assert "/var/lib/pgadmin" in str(mounts)
    volumes = stack.run("docker", "volume", "ls", "--quiet", "--filter", f"label=com.docker.compose.project={stack.project}").stdout
    assert "pgadmin" not in volumes
