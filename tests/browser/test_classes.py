"""Browsing a class: filters, order, pages, and the address that carries all of it."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.browser.conftest import Site, Visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect


def _picks(page: Page) -> list[int]:
    """Those of a page that is there as a whole; of one that is coming, `_expect_picks`."""
    return [int(text) for text in page.locator(".class-table .cell-pick b").all_inner_texts()]


def _expect_picks(page: Page, wanted: list[int]) -> None:
    expect(page.locator(".class-table .cell-pick b")).to_have_text([str(pick) for pick in wanted])


def _largest_class(site: Site) -> tuple[int, int]:
    """A class of more than one page of 50."""
    season, count = site.rows("select season, count(*) from draft_pick group by season order by count(*) desc, season desc limit 1")[0]
    assert count > 50
    return season, count


def test_the_bare_address_leads_to_the_latest_class(site: Site, visit: Callable[..., Visit]) -> None:
    latest = site.rows("select max(season) from draft_pick")[0][0]
    page = visit().open("/classes")
    expect(page).to_have_url(f"{site.url}/classes/{latest}")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Class of {latest}")
    expect(page.get_by_role("main")).to_contain_text("Supplemental picks are not in the draft file")


def test_filters_narrow_the_table_and_the_address(site: Site, visit: Callable[..., Visit]) -> None:
    season, total = _largest_class(site)
    group, wanted = site.rows(
        """
        select position_group, array_agg(pick order by pick) from draft_pick join position on code = position
        where season = $1 group by 1 order by count(*) desc limit 1
        """,
        season,
    )[0]
    page = visit().open(f"/classes/{season}")
    expect(page.locator("#result-count")).to_have_text(f"{total} selections found")
    page.get_by_label("Position group", exact=True).select_option(group)
    expect(page.locator("#result-count")).to_have_text(f"{len(wanted)} selections found")
    expect(page).to_have_url(f"{site.url}/classes/{season}?group={group}")
    _expect_picks(page, wanted[:50])
    query = (
        "select pick from draft_pick join position on code = position where season = $1 and position_group = $2 and round = 1 order by pick"
    )
    first_round = [row[0] for row in site.rows(query, season, group)]
    page.get_by_label("Round").select_option("1")
    expect(page).to_have_url(f"{site.url}/classes/{season}?round=1&group={group}")
    _expect_picks(page, first_round)
    page.get_by_role("link", name="Clear filters").click()
    expect(page).to_have_url(f"{site.url}/classes/{season}")
    expect(page.locator("#result-count")).to_have_text(f"{total} selections found")


def test_the_back_button_undoes_a_filter(site: Site, visit: Callable[..., Visit]) -> None:
    season, _ = _largest_class(site)
    page = visit().open(f"/classes/{season}")
    page.get_by_label("Round").select_option("2")
    expect(page).to_have_url(f"{site.url}/classes/{season}?round=2")
    page.go_back()
    expect(page).to_have_url(f"{site.url}/classes/{season}")
    expect(page.get_by_label("Round")).to_have_value("")
    _expect_picks(page, list(range(1, 51)))


def test_the_name_filter_works_while_typing(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit().open("/classes/2026")
    page.get_by_label("Name", exact=True).press_sequentially("oneil", delay=10)
    expect(page.locator("#result-count")).to_have_text("1 selection found")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    expect(page.locator(".class-table tbody tr")).to_contain_text("no record")


def test_heads_of_columns_sort_and_turn(site: Site, visit: Callable[..., Visit]) -> None:
    season, _ = _largest_class(site)
    page = visit().open(f"/classes/{season}")
    head = page.get_by_role("columnheader", name="Value")
    head.get_by_role("link").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    expect(page).to_have_url(f"{site.url}/classes/{season}?sort=-w_av")
    down = [row[0] for row in site.rows("select pick from draft_pick where season = $1 order by w_av desc nulls last, pick", season)]
    _expect_picks(page, down[:50])
    expect(page.get_by_role("link", name="Value", exact=True)).to_be_focused()
    head.get_by_role("link").press("Enter")
    expect(head).to_have_attribute("aria-sort", "ascending")
    up = [row[0] for row in site.rows("select pick from draft_pick where season = $1 order by w_av nulls last, pick", season)]
    _expect_picks(page, up[:50])


def test_a_filter_keeps_the_order_and_the_select_shows_it(site: Site, visit: Callable[..., Visit]) -> None:
    season, _ = _largest_class(site)
    page = visit().open(f"/classes/{season}")
    page.get_by_label("Sorted by").select_option("-games")
    expect(page).to_have_url(f"{site.url}/classes/{season}?sort=-games")
    page.get_by_label("Round").select_option("1")
    expect(page).to_have_url(f"{site.url}/classes/{season}?round=1&sort=-games")
    expect(page.get_by_label("Sorted by")).to_have_value("-games")


def test_pages_cover_the_class_once(site: Site, visit: Callable[..., Visit]) -> None:
    season, total = _largest_class(site)
    page = visit().open(f"/classes/{season}")
    for first in range(1, total + 1, 50):
        if first > 1:
            page.get_by_role("link", name="Next page").click()
            expect(page).to_have_url(f"{site.url}/classes/{season}?page={first // 50 + 1}")
        expect(page.locator(".pager [aria-current=page]")).to_have_text(str(first // 50 + 1))
        _expect_picks(page, list(range(first, min(first + 50, total + 1))))
    expect(page.get_by_role("link", name="Next page")).to_have_count(0)


def test_everything_works_without_javascript(site: Site, visit: Callable[..., Visit]) -> None:
    season, _ = _largest_class(site)
    page = visit(java_script_enabled=False).open(f"/classes/{season}")
    page.get_by_label("Round").select_option("1")
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(f"{site.url}/classes/{season}?round=1")
    page.get_by_role("columnheader", name="Player").get_by_role("link").click()
    expect(page).to_have_url(f"{site.url}/classes/{season}?round=1&sort=name")
    page.wait_for_load_state()  # the address is there before the table
    names = page.locator(".class-table .player-link").all_inner_texts()
    assert len(names) > 20
    assert names == sorted(names, key=str.casefold)
    page.get_by_label("Class", exact=True).select_option(str(season - 1))
    page.get_by_role("button", name="Go").click()
    expect(page).to_have_url(f"{site.url}/classes/{season - 1}")


def test_downloads_hold_exactly_the_rows_shown(site: Site, visit: Callable[..., Visit]) -> None:
    season, _ = _largest_class(site)
    page = visit().open(f"/classes/{season}?round=1&sort=-w_av")
    shown = _picks(page)
    for label in ("CSV", "JSON"):
        address = page.get_by_role("link", name=label, exact=True).get_attribute("href")
        answer = site.get(str(address))
        assert answer.status_code == 200, answer.text
        rows = list(csv.DictReader(io.StringIO(answer.text))) if label == "CSV" else answer.json()
        rows = rows["items"] if isinstance(rows, dict) else rows
        assert [int(row["pick"]) for row in rows] == shown


@pytest.mark.parametrize("parameters", ["sort=name", "sort=-position", "sort=college", "sort=team", "q=a", "franchise=bills", "group=QB"])
def test_every_filter_and_order_of_a_page_is_one_of_the_api(site: Site, visit: Callable[..., Visit], parameters: str) -> None:
    page = visit().open(f"/classes/2026?{parameters}")
    address = page.get_by_role("link", name="CSV", exact=True).get_attribute("href")
    answer = site.get(str(address))
    assert answer.status_code == 200, answer.text
    total = int(page.locator("#result-count").inner_text().split()[0])
    assert len(list(csv.DictReader(io.StringIO(answer.text)))) == total


def test_a_filter_that_cannot_be_answered_leads_to_the_page_that_says_why(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit().open("/classes/2026")
    page.evaluate("document.querySelector('#filter-round option:last-child').value = '99'")
    page.get_by_label("Round").select_option("99")
    expect(page).to_have_url(f"{site.url}/classes/2026?round=99&franchise=&group=&college=&q=&sort=pick")
    expect(page.get_by_role("heading", level=1)).to_have_text("Invalid filter")
