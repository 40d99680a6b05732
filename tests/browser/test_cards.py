"""Card images in a real browser: a page of another site shows them, nothing leaves the drawing, and names on them stay text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import ACCENTED, INJECTED, MEASURED

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.conftest import Site, Visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
CARDS = [
    *(f"/people/{each}/card.svg" for each in (MEASURED, INJECTED, ACCENTED)),
    f"/compare/card.svg?ids={MEASURED},{INJECTED},{ACCENTED}",
    "/scatter/card.svg?position=QB&season_min=2020",
    "/trades/1/card.svg",
    "/trade-calculator/card.svg?gave=6,39,2030r1&received=2&discount=0.1",
    "/quality/card.svg",
    "/classes/2026/card.svg",
    "/classes/2015/report/card.svg",
    "/franchises/card.svg",
    "/franchises/bills/card.svg",
    "/colleges/card.svg",
]


@pytest.mark.parametrize("path", CARDS)
def test_every_text_is_inside_of_the_drawing(visit: Callable[..., Visit], path: str) -> None:
    page = visit().open(path)
    assert page.evaluate("document.contentType") == "image/svg+xml"
    outside = page.evaluate(
        """() => {
            const frame = document.documentElement.getBoundingClientRect();
            return [...document.querySelectorAll("text")].filter(each => {
                const box = each.getBoundingClientRect();
                return box.left < frame.left || box.right > frame.right || box.top < frame.top || box.bottom > frame.bottom;
            }).map(each => each.textContent);
        }"""
    )
    assert outside == []
    assert page.evaluate("document.querySelectorAll('script, i, a').length") == 0


def test_another_site_shows_the_image_and_the_snippet_is_plain_html(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit().open(f"/people/{MEASURED}")
    page.get_by_text("Embed as an image").click()
    snippet = page.locator(".snippet").inner_text()
    article = visit().page
    article.set_content(f'<meta http-equiv="Cross-Origin-Embedder-Policy" content="require-corp"><p>{snippet}</p>')
    article.wait_for_function("document.images[0].complete")
    assert article.evaluate("[document.images.length, document.images[0].naturalWidth]") == [1, 720]
    assert article.evaluate("document.images[0].alt") == """Quick <i onmouseover="x()">O'Quinn</i> · Draft Queen"""
    assert article.locator("a").get_attribute("href") == f"{site.url}/people/{MEASURED}"
