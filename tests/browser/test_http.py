"""What a page's answer says besides its HTML: headers, versions, and errors for browsers and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.browser.conftest import Site

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}

pytestmark = pytest.mark.xdist_group("browser")


@pytest.mark.parametrize(
    "path", ["/", "/classes/2026", "/people/900002", "/search?q=a", "/nothing", "/search/suggestions?q=a", "/trades", "/scatter"]
)
def test_every_page_has_the_strict_policy(site: Site, path: str) -> None:
    answer = site.get(path, headers=BROWSER)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("path", ["/classes/2026", "/classes/2026?round=1&sort=-w_av", "/people/900002", "/search?q=a"])
def test_a_page_that_has_not_changed_is_not_sent_again(site: Site, path: str) -> None:
    first = site.get(path)
    assert first.headers["cache-control"] == "no-cache"
    second = site.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (second.status_code, second.content) == (304, b"")
    assert site.get(path, headers={"if-none-match": 'W/"other"'}).status_code == 200


def test_the_start_page_is_never_kept(site: Site) -> None:
    assert site.get().headers["cache-control"] == "no-store"


def test_static_files_are_kept_for_ever_under_their_fingerprint(site: Site) -> None:
    page = site.get().text
    addresses = [part.partition('"')[0] for part in page.split('"/static/')[1:]]
    assert len(addresses) >= 4
    for address in addresses:
        answer = site.get(f"/static/{address}")
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        bare = site.get(f"/static/{address.partition('?')[0]}")
        assert bare.headers["cache-control"] == "no-cache"
        assert site.get(f"/static/{address}", headers={"if-none-match": answer.headers["etag"]}).status_code == 304


@pytest.mark.parametrize("name", ["../service.py", "..%2fservice.py", "%2e%2e/routes.py", "css", "", "css/app.css%00", "nothing.css"])
def test_only_static_files_are_given_out(site: Site, name: str) -> None:
    assert site.get(f"/static/{name}").status_code == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nothing", 404),
        ("/people/0", 404),
        ("/people/99999999999", 404),
        ("/people/abc", 404),
        ("/classes/1901", 404),
        ("/classes/next", 404),
        ("/classes?season=next", 422),
        ("/classes/2026?round=13", 422),
        ("/classes/2026?round=-1", 422),
        ("/classes/2026?round=²", 422),
        ("/classes/2026?page=0", 422),
        ("/classes/2026?sort=luck", 422),
        ("/classes/2026?q=%00", 422),
        (f"/classes/2026?college={'x' * 101}", 422),
        ("/search?q=a&page=0", 422),
        ("/search?q=a&page=99999999", 422),
    ],
)
def test_a_browser_gets_a_page_for_every_mistake(site: Site, path: str, status: int) -> None:
    answer = site.get(path, headers=BROWSER)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert "Start page" in answer.text


def test_what_cannot_be_searched_finds_nobody(site: Site) -> None:
    for query in ("%00", "!!!", "%25", "_", "' or 1=1 --", "\\", "x" * 500):
        answer = site.get("/search", params={"q": query})
        assert answer.status_code == 200, query


def test_programs_get_problem_documents(site: Site) -> None:
    for path, accept in (("/nothing", "application/json"), ("/nothing", "*/*"), ("/api/v1/nothing", BROWSER["accept"])):
        answer = site.get(path, headers={"accept": accept})
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_form_with_empty_fields_leads_to_the_clean_address(site: Site) -> None:
    answer = site.get("/classes/2026?round=&franchise=&group=QB&college=&q=&sort=pick")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/classes/2026?group=QB"


def test_a_page_beyond_the_last_is_the_last(site: Site) -> None:
    answer = site.get("/classes/2024?page=9999")
    assert answer.status_code == 200
    assert 'aria-current="page" aria-label="Page 1"' not in answer.text


def test_unknown_parameters_of_links_from_elsewhere_do_no_harm(site: Site) -> None:
    assert site.get("/classes/2026?utm_source=mail").status_code == 200
