"""Plots with a keyboard and a pointer: a point shows its card, names on it stay text, and the points can be skipped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import MEASURED

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
NAME = 'Quick <i onmouseover="x()">O\'Quinn</i>'


def test_a_point_shows_its_card_to_the_keyboard_and_to_the_pointer_without_a_script(visit: Callable[..., Visit]) -> None:
    page = visit(java_script_enabled=False).open("/scatter?position=QB&season=2026")
    mine = page.locator(f'.scatter a.point[href="/people/{MEASURED}"]')
    page.get_by_role("link", name="Skip").last.focus()
    page.keyboard.press("Tab")
    expect(page.locator(".point-card:visible")).to_have_count(1)
    expect(page.locator(".scatter-hint")).to_be_hidden()
    mine.hover(force=True)
    expect(page.locator(".point-card:visible")).to_have_count(1)
    expect(mine.locator(".point-name")).to_have_text(NAME)
    expect(mine.locator(".point-card")).to_contain_text("QB, 2026, not selected")
    expect(mine.locator(".point-card")).to_contain_text("Weight 229 lb · 40-yard dash 4.58 s")
    mine.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(NAME)


def test_the_first_tap_on_a_point_shows_its_card_and_the_second_opens_the_player(visit: Callable[..., Visit]) -> None:
    page = visit(has_touch=True, is_mobile=True, viewport={"width": 800, "height": 900}).open("/scatter?position=QB&season=2026")
    mine = page.locator(f'.scatter a.point[href="/people/{MEASURED}"]')
    circle = mine.locator("circle")
    circle.tap(force=True)
    expect(page).to_have_url(re.compile("/scatter"))
    expect(page.locator(".point-card:visible")).to_have_count(1)
    expect(mine.locator(".point-name")).to_have_text(NAME)
    circle.tap(force=True)
    expect(page.get_by_role("heading", level=1)).to_have_text(NAME)


def test_the_space_of_the_card_is_not_printed(visit: Callable[..., Visit]) -> None:
    page = visit().open("/scatter?position=QB&season=2026")
    figure = page.locator(".scatter")
    above = "(each) => (each.getBoundingClientRect().top - each.closest('.panel').getBoundingClientRect().top) / each.offsetWidth"
    on_screen = figure.evaluate(above)
    page.emulate_media(media="print")
    assert figure.evaluate(above) < on_screen - 0.1


def test_the_points_can_be_skipped(visit: Callable[..., Visit]) -> None:
    page = visit().open("/scatter")
    page.get_by_role("link", name="Skip 300 points").press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_text("The points as a table")).to_be_focused()


def test_a_player_is_added_to_a_comparison_by_name(visit: Callable[..., Visit]) -> None:
    page = visit().open(f"/people/{MEASURED}")
    page.get_by_role("link", name="Compare with").first.click()
    page.get_by_label("Add a player by name").fill("zuniga")
    page.get_by_role("button", name="Add").click()
    page.get_by_role("link", name="Amé Zúñiga-Ødegård").first.click()
    expect(page.locator(".compare thead th")).to_have_count(4)
    expect(page.locator(".compare thead")).to_contain_text(NAME)
    page.get_by_role("link", name=f"Remove {NAME}").click()
    expect(page.locator(".compare thead th")).to_have_count(3)


def test_the_bars_of_a_franchise_are_a_table_for_the_keyboard_without_a_script(visit: Callable[..., Visit]) -> None:
    page = visit(java_script_enabled=False).open("/franchises")
    page.get_by_role("link", name="Buffalo Bills").click()
    expect(page.locator(".season-bar")).not_to_have_count(0)
    table = page.get_by_role("table", name="Value over expected by draft")
    expect(table).to_be_hidden()
    page.get_by_text("The bars as a table").press("Enter")
    expect(table.get_by_role("row")).to_have_count(page.locator(".season-bar").count() + 1)
    first = table.get_by_role("link").first
    season = first.inner_text()
    first.press("Enter")
    expect(page).to_have_url(re.compile(rf"/classes/{season}\?franchise=bills$"))
