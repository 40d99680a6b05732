"""For every page: nothing overflows a phone, colours can be read in light and dark, the structure holds for a screen reader."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import pytest

from tests.browser.conftest import ACCENTED, INJECTED, MEASURED

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.browser.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect

PAGES = {
    "start": "/",
    "class": "/classes/2026",
    "class filtered to nothing": "/classes/2026?q=qqzzxx",
    "class filtered and sorted": "/classes/2026?group=QB&sort=-w_av",
    "class in retrospect": "/classes/2020/report?measure=picks",
    "franchises": "/franchises?group=QB",
    "franchise": "/franchises/raiders",
    "colleges": "/colleges",
    "more colleges": "/colleges?page=2",
    "college": "/colleges/ohio-state?hit=games&at_least=16",
    "bad hit": "/franchises/raiders?hit=w_av",
    "combine card": f"/people/{ACCENTED}",
    "career card": f"/people/{INJECTED}",
    "measured card": f"/people/{MEASURED}",
    "comparison": f"/compare?ids={MEASURED},{INJECTED},{ACCENTED}",
    "trades": "/trades?season=2020",
    "trade": "/trades/1",
    "calculator": "/trade-calculator?gave=6,39,2030r1&received=2&discount=0.1",
    "bad trade": "/trade-calculator?gave=first",
    "plot": "/scatter?position=QB&season_min=2020",
    "results": "/search?q=a",
    "no results": "/search?q=qqzzxx",
    "empty search": "/search",
    "quality": "/quality",
    "quality of a season": "/quality?dataset=combine&season=2026",
    "conflicts": "/identity",
    "a conflict": "/identity/1",
    "not found": "/nothing/here",
    "bad filter": "/classes/2026?sort=luck",
}
AXE_PAGES = (
    *("start", "class", "combine card", "career card", "results", "not found"),
    *("measured card", "comparison", "trade", "calculator", "plot", "quality of a season", "a conflict"),
    *("class in retrospect", "franchises", "franchise", "college"),
)
AUDIT = (Path(__file__).parent / "audit.js").read_text()
#: No font that a reader may have is much wider than this; twice the same word, because alone it also makes the letters smaller.
WIDE_LETTERS = "* { font-family: monospace, monospace !important; letter-spacing: 0.1em !important; }"
FONTS = pytest.mark.parametrize("letters", ["", WIDE_LETTERS], ids=["own fonts", "wide letters"])


class Contrast(TypedDict):
    """A text and its contrast with its background."""

    text: str
    ratio: float


def _unreadable(page: Page) -> list[Contrast]:
    contrasts: list[Contrast] = page.evaluate("audit.contrasts()")
    assert len(contrasts) > 5
    return [each for each in contrasts if each["ratio"] < 4.5]


def _overflowing(page: Page, width: int) -> list[str]:
    page.set_viewport_size({"width": width, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found: list[str] = page.evaluate("audit.overflowing()")
    return found


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES.keys())
def test_every_page_can_be_read_on_every_screen(visit: Callable[..., Visit], path: str) -> None:
    page = visit().open(path)
    page.evaluate(AUDIT)
    assert page.evaluate("audit.faults()") == []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert _unreadable(page) == []
    for width in (360, 768):
        assert _overflowing(page, width) == []


@pytest.mark.parametrize("path", [PAGES[name] for name in AXE_PAGES])
def test_axe_finds_nothing(visit: Callable[..., Visit], path: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    # the script of axe itself is put in from outside, which the policy of the pages would refuse
    page = visit(bypass_csp=True).open(path)
    violations = axe.Axe().run(page).response["violations"]
    assert [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in violations] == []


def test_dark_mode_is_another_picture(visit: Callable[..., Visit]) -> None:
    colours = {}
    for scheme in ("light", "dark"):
        page = visit(color_scheme=scheme).open("/classes/2026")
        colours[scheme] = page.evaluate(
            "['body', '.panel', '.player-link', 'td'].map(each => { const style = getComputedStyle(document.querySelector(each));"
            " return [style.color, style.backgroundColor] })"
        )
    light, dark = colours["light"], colours["dark"]
    assert all(before[0] != after[0] for before, after in zip(light, dark, strict=True))
    assert light[0][1] != dark[0][1]
    assert light[1][1] != dark[1][1]


def test_the_skip_link_comes_first_and_reaches_the_content(visit: Callable[..., Visit]) -> None:
    page = visit().open("/classes/2026")
    page.keyboard.press("Tab")
    link = page.locator(":focus")
    assert link.inner_text() == "Skip to content"
    assert (link.bounding_box() or {"y": -1})["y"] >= 0
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_a_narrow_screen_has_a_menu_without_a_script(visit: Callable[..., Visit]) -> None:
    page = visit(viewport={"width": 360, "height": 740}, java_script_enabled=False).open("/colleges")
    menu, links = page.get_by_role("button", name="Menu"), page.get_by_role("navigation", name="Main").get_by_role("link")
    assert links.count() == 0
    assert page.get_by_role("banner").evaluate("each => each.clientHeight") < 130
    for key in ("Tab", "Tab", "Tab", "Enter", "Tab"):  # past the skip link and the name
        page.keyboard.press(key)
    expect(links).to_have_text(["Classes", "Franchises", "Colleges", "Trades", "Compare", "Plot", "API"], use_inner_text=True)
    expect(page.locator(":focus")).to_have_text("Classes", use_inner_text=True)
    page.keyboard.press("Escape")
    expect(links).to_have_count(0)
    expect(page.locator(":focus")).to_have_text("Menu", use_inner_text=True)
    page.set_viewport_size({"width": 900, "height": 740})
    expect(menu).to_have_count(0)
    expect(links).to_have_count(7)
    page.emulate_media(media="print")
    expect(links).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_focus_is_visible_on_every_stop(visit: Callable[..., Visit], scheme: str) -> None:
    page = visit(color_scheme=scheme).open("/")
    page.evaluate(AUDIT)
    for _ in range(12):
        page.keyboard.press("Tab")
        marked = page.evaluate("audit.focusIsVisible()")
        assert marked, page.evaluate("document.activeElement.outerHTML")


def test_reduced_motion_is_respected(visit: Callable[..., Visit]) -> None:
    page = visit(reduced_motion="reduce").open("/")
    running = page.evaluate("document.getAnimations().length")
    assert running == 0


def test_a_phone_gets_cards_with_their_labels(visit: Callable[..., Visit]) -> None:
    page = visit(viewport={"width": 360, "height": 740}).open("/classes/2026")
    row = page.locator(".class-table tbody tr").first
    assert page.evaluate("getComputedStyle(document.querySelector('.class-table tbody tr')).display") == "flex"
    label = row.locator(".cell-figure").first.evaluate("cell => getComputedStyle(cell, '::before').content")
    assert label == '"Age"'
    assert page.get_by_role("row").count() > 2  # still a table to a screen reader
    for control in page.locator("form.filters select, form.filters input, form.filters button").all():
        assert (control.bounding_box() or {"height": 0})["height"] >= 44


def _open_in(visit: Callable[..., Visit], path: str, width: int, letters: str) -> Page:
    # a style from outside is what the policy of the pages would refuse
    page = visit(viewport={"width": width, "height": 740}, bypass_csp=True).open(path)
    if letters:
        page.add_style_tag(content=letters)
    return page


def _lines(page: Page, selector: str) -> dict[str, float]:
    """Every such element's text with its height in lines."""
    return dict(
        page.locator(selector).evaluate_all(
            "all => all.map(each => { const style = getComputedStyle(each);"
            " const padding = parseFloat(style.paddingTop) + parseFloat(style.paddingBottom);"
            " return [each.innerText, (each.clientHeight - padding) / parseFloat(style.lineHeight)] })"
        )
    )


@FONTS
@pytest.mark.parametrize("width", [360, 1280])
def test_the_number_of_a_pick_is_never_broken(visit: Callable[..., Visit], width: int, letters: str) -> None:
    page = _open_in(visit, "/", width, letters)
    board = _lines(page, ".board-number")
    assert len(board) >= 12
    assert {text: lines for text, lines in board.items() if lines > 1.2} == {}
    names = page.locator(".board li:nth-child(odd) .board-name").evaluate_all("all => all.map(each => each.getBoundingClientRect().x)")
    assert max(names) - min(names) < 3  # those of two digits push no name aside; widths in `ch` leave out the letter spacing


@FONTS
@pytest.mark.parametrize("width", [360, 1280])
def test_a_pick_of_three_digits_has_its_place_in_the_class(visit: Callable[..., Visit], width: int, letters: str) -> None:
    page = _open_in(visit, "/classes/2024?page=3", width, letters)
    numbers = _lines(page, ".cell-pick b")
    assert len(numbers) == 50
    assert min(map(len, numbers)) == 3
    assert {text: lines for text, lines in numbers.items() if lines > 1.2} == {}
    gaps: list[float] = page.locator(".class-table tbody tr").evaluate_all(
        "rows => rows.map(row => row.querySelector('.player-link').getBoundingClientRect().left"
        " - row.querySelector('.cell-pick b').getBoundingClientRect().right)"
    )
    assert min(gaps) > 0


@FONTS
@pytest.mark.parametrize("width", [360, 1280])
def test_names_and_ids_have_room_beside_or_below_their_labels(visit: Callable[..., Visit], width: int, letters: str) -> None:
    page = _open_in(visit, f"/people/{ACCENTED}", width, letters)
    widths: list[float] = page.locator(".figures-wide dd").evaluate_all("all => all.map(each => each.clientWidth)")
    assert min(widths) >= 150
    values = _lines(page, ".figures-wide dd")
    assert "SynShared" in values
    assert {text: lines for text, lines in values.items() if lines > 1.2} == {}


@FONTS
def test_the_filters_of_a_phone_show_their_choice_in_full(visit: Callable[..., Visit], letters: str) -> None:
    page = _open_in(visit, "/classes/2026", 360, letters)
    missing = dict(
        page.locator("form.filters select").evaluate_all(
            """all => all.map(each => {
                const given = each.getBoundingClientRect().width;
                const chosen = each.selectedOptions[0].textContent;
                for (const option of [...each.options]) if (!option.selected) option.remove();
                each.style.width = "max-content";
                return [chosen, each.getBoundingClientRect().width - given];
            })"""
        )
    )
    assert "All franchises" in missing
    assert {chosen: pixels for chosen, pixels in missing.items() if pixels > 0} == {}


@FONTS
def test_a_result_of_a_drill_is_not_printed_over_its_name(visit: Callable[..., Visit], letters: str) -> None:
    page = _open_in(visit, f"/people/{ACCENTED}", 360, letters)
    gaps = dict(
        page.locator(".drills tbody tr:has(.drill-value)").evaluate_all(
            """rows => rows.map(row => {
                const [name, value] = [...row.cells].map(cell => {
                    const text = document.createRange();
                    text.selectNodeContents(cell);
                    return text.getBoundingClientRect();
                });
                return [row.cells[0].innerText, value.left - name.right];
            })"""
        )
    )
    assert {"Height", "40-yard dash", "Bench press"} == set(gaps)
    assert {name: gap for name, gap in gaps.items() if gap <= 0} == {}
