"""Finding a player: by typing, with the keyboard alone, without JavaScript."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import ACCENTED, INJECTED, NAMESAKE
from tests.support.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page, Route

    from tests.browser.conftest import Site, Visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect


def _somebody(site: Site) -> tuple[int, str, int]:
    """A person of the league whose surname is rare, the surname's first letters, and how many people they find."""
    row = site.rows(
        """
        select p.person_id, split_part(p.name_key, ' ', 2) as word,
            (select count(*) from person o where ' ' || o.name_key like '% ' || split_part(p.name_key, ' ', 2) || '%') as found
        from person p where p.name_key ~ '^[a-z]+ [a-z]{6,}$' order by found, p.person_id limit 1
        """
    )[0]
    return row["person_id"], row["word"], row["found"]


def test_typing_shows_players_and_a_click_opens_the_card(site: Site, visit: Callable[..., Visit]) -> None:
    person_id, word, found = _somebody(site)
    page = visit().open("/")
    page.get_by_label("Search for a player by name").press_sequentially(word, delay=10)
    options = page.get_by_role("option")
    expect(options.first).to_be_visible()
    expect(options).to_have_count(found)
    expect(page.locator("#search-status")).to_contain_text(f"{found} player")
    page.locator(f'[role=option][href="/people/{person_id}"]').click()
    expect(page).to_have_url(f"{site.url}/people/{person_id}")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        site.rows("select name from person where person_id = $1", person_id)[0]["name"]
    )


def test_the_keyboard_alone_is_enough(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit().open("/classes/2026")
    box = page.get_by_role("combobox", name="Search for a player by name")
    page.keyboard.press("/")
    expect(box).to_be_focused()
    page.keyboard.type("ame zun", delay=20)
    options = page.locator("#suggestions [role=option]")
    expect(options).to_have_count(2)
    expect(box).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", "option-2")
    page.keyboard.press("ArrowDown")  # behind the last option the box itself comes again
    expect(page.locator("#suggestions [aria-selected=true]")).to_have_count(0)
    page.keyboard.press("ArrowUp")
    chosen = options.nth(1).get_attribute("href")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.url}{chosen}")


def test_escape_closes_the_list_and_enter_then_searches(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit().open("/")
    page.keyboard.press("/")
    page.keyboard.type("zuniga")
    expect(page.locator("#suggestions [role=option]")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.locator("#suggestions")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.url}/search?q=zuniga")
    expect(page.locator(".hits a")).to_have_count(2)


def _held_answer(page: Page, typed: str) -> list[Route]:
    """The requests for exactly what is `typed`, which wait until they are let go: the server is slow."""
    held: list[Route] = []
    page.route(re.compile(rf"/search/suggestions\?q={typed}$"), lambda route: held.append(route))
    return held


def _wait_for(page: Page, held: list[Route]) -> Route:
    for _ in range(round(PATIENCE * 10)):
        if held:
            return held.pop()
        page.wait_for_timeout(100)
    raise AssertionError("the page has asked for nothing")


def _let_go(page: Page, late: Route) -> None:
    """Comes back when the answer is in the page, in place of the options that were there."""
    page.evaluate("document.querySelectorAll('#suggestions [role=option]').forEach(option => option.dataset.old = 'yes')")
    late.continue_()
    expect(page.locator("#suggestions [data-old]")).to_have_count(0)


def test_an_answer_that_comes_late_leaves_the_chosen_player_chosen(visit: Callable[..., Visit]) -> None:
    page = visit().open("/classes/2026")
    held = _held_answer(page, "zunig")
    page.keyboard.press("/")
    page.keyboard.type("zuni")
    options = page.locator("#suggestions [role=option]")
    expect(options).to_have_count(2)
    page.keyboard.type("g")
    late = _wait_for(page, held)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    _let_go(page, late)
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    expect(page.locator("#q")).to_have_attribute("aria-activedescendant", "option-2")


def test_an_answer_that_comes_after_escape_does_not_open_the_list_again(visit: Callable[..., Visit]) -> None:
    page = visit().open("/classes/2026")
    held = _held_answer(page, "zunig")
    page.keyboard.press("/")
    page.keyboard.type("zuni")
    expect(page.locator("#suggestions [role=option]")).to_have_count(2)
    page.keyboard.type("g")
    late = _wait_for(page, held)
    page.keyboard.press("Escape")
    _let_go(page, late)
    expect(page.locator("#suggestions")).to_be_hidden()
    page.keyboard.press("ArrowDown")  # who asks for it gets it
    expect(page.locator("#suggestions")).to_be_visible()


def test_a_slash_inside_a_field_is_only_a_slash(visit: Callable[..., Visit]) -> None:
    page = visit().open("/classes/2026")
    name = page.get_by_label("Name", exact=True)
    name.press_sequentially("a/b")
    expect(name).to_have_value("a/b")
    expect(name).to_be_focused()


@pytest.mark.parametrize("typed", ["ame zuniga", "AMÉ ZÚÑIGA", "odegard", "amadeus"])
def test_accents_case_and_aliases_do_not_matter(site: Site, visit: Callable[..., Visit], typed: str) -> None:
    page = visit().open(f"/search?q={typed}")
    expect(page.locator(f'.hits a[href="/people/{ACCENTED}"]')).to_contain_text("Amé Zúñiga-Ødegård")


def test_without_javascript_the_form_leads_to_results(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit(java_script_enabled=False).open("/")
    page.get_by_label("Search for a player by name").fill("zuniga")
    page.get_by_role("button", name="Search").click()
    expect(page).to_have_url(f"{site.url}/search?q=zuniga")
    expect(page.get_by_role("status").filter(has_text="found")).to_have_text("2 players found")
    page.locator(f'.hits a[href="/people/{NAMESAKE}"]').click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Amé Zúñiga-Ødegård")


def test_many_results_come_in_pages_without_repeats(site: Site, visit: Callable[..., Visit]) -> None:
    total = site.rows("select count(*) from person where ' ' || name_key like '% a%'")[0][0]
    assert total > 50
    page = visit().open("/search?q=a")
    seen: list[str] = []
    while True:
        seen += page.locator(".hits a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
        following = page.get_by_role("link", name="Next")
        if following.count() == 0:
            break
        address = following.get_attribute("href")
        following.click()
        expect(page).to_have_url(f"{site.url}{address}")
        page.wait_for_load_state()  # the address is there before the names
    aliases = site.rows(
        "select count(distinct person_id) from person_alias a where ' ' || name_key like '% a%' "
        "and not exists (select from person p where p.person_id = a.person_id and ' ' || p.name_key like '% a%')"
    )[0][0]
    assert len(seen) == len(set(seen)) == total + aliases


def test_nothing_found_says_what_is_missing(visit: Callable[..., Visit]) -> None:
    page = visit().open("/search?q=qqzzxx")
    expect(page.get_by_role("heading", level=1)).to_have_text("Players named “qqzzxx”")
    expect(page.get_by_role("main")).to_contain_text("supplemental draft")


def test_names_with_markup_are_text_everywhere(site: Site, visit: Callable[..., Visit]) -> None:
    name = site.rows("select name from person where person_id = $1", INJECTED)[0]["name"]
    window = visit()
    page = window.open("/")
    page.keyboard.press("/")
    page.keyboard.type("script document")
    expect(page.get_by_role("option").first).to_contain_text(name)
    for path in (f"/people/{INJECTED}", "/search?q=script+document", "/classes/2026?q=oneil", f"/search?q={name}"):
        page = window.open(path)
        expect(page.get_by_role("main")).to_contain_text('<script>document.title="broken"</script>')
        assert page.title() != "broken"
        assert re.search("Draft Queen", page.title())
        assert page.locator("main script, main b:has-text('Zuniga')").count() == 0
