"""Assets, errors and wording of the pages, without a server."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader
from starlette.requests import Request

from app.http.static_files import FingerprintedFiles
from app.web import formatting
from app.web.assets import STATIC_DIR, assets
from app.web.errors import prefers_html, render_error
from app.web.rendering import TEMPLATES_DIR, environment
from app.web.wording import DRILL_TEXTS, POSITION_NAMES

CHECKOUT = Path(__file__).resolve().parents[3]
CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


def request(path: str = "/", accept: str = CHROMIUM) -> Request:
    return Request({"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [(b"accept", accept.encode("latin-1"))]})


@pytest.mark.parametrize(
    ("path", "accept", "page"),
    [
        ("/people/x", CHROMIUM, True),
        ("/people/x", "application/json", False),
        ("/people/x", "*/*", False),
        ("/people/x", "", False),
        ("/people/x", "application/json, text/html;q=0.5", False),
        ("/people/x", "text/html;q=broken, application/json", False),
        ("/api/v1/people/x", CHROMIUM, False),
        ("/health/ready", CHROMIUM, False),
    ],
)
def test_who_gets_a_page(path: str, accept: str, page: bool) -> None:
    assert prefers_html(request(path, accept)) is page


@given(st.text(st.characters(max_codepoint=255)))
def test_no_accept_header_breaks_an_error(accept: str) -> None:
    assert prefers_html(request(accept=accept)) in (True, False)


def test_an_error_page_needs_nothing_but_its_words() -> None:
    answer = render_error(request("/<b>"), 503, "Service Unavailable", "The database <cannot> be reached.")
    text = bytes(answer.body).decode()
    assert answer.status_code == 503
    assert "Temporarily unavailable" in text
    assert "The database &lt;cannot&gt; be reached." in text
    assert "no-store" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    ("stage", "host", "shown"),
    [
        ("development", "localhost:8000", True),
        ("development", "127.0.0.1:8000", True),
        ("development", "[::1]:8000", True),
        ("development", "rebound.example.org:8000", False),
        ("production", "localhost:8000", False),
    ],
)
def test_a_defect_is_shown_to_who_develops_and_to_nobody_else(stage: str, host: str, shown: bool) -> None:
    text = _page_of_a_defect(stage, host)
    assert "Something went wrong" in text
    assert ("ValueError: &lt;b&gt;secret" in text) is shown
    assert "<b>secret" not in text


def _page_of_a_defect(stage: str, host: str = "localhost") -> str:
    asked = request()
    asked.scope["headers"] = [(b"host", host.encode())]
    asked.scope["state"] = {"settings": SimpleNamespace(environment=stage)}
    return bytes(render_error(asked, 500, "Internal Server Error", "It is logged.", ValueError("<b>secret")).body).decode()


def test_an_edit_that_breaks_every_template_still_gets_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = DictLoader({"pages/error.html": "{% extends 'base.html' %}", "base.html": "{% block main %}{{ detail }"})
    monkeypatch.setattr(environment(), "loader", broken)
    monkeypatch.setattr(environment(), "cache", None)
    text = _page_of_a_defect("development")
    assert "<h1>Something went wrong</h1>" in text
    assert "ValueError: &lt;b&gt;secret" in text


def test_a_changed_file_gets_another_address(tmp_path: Path) -> None:
    style = tmp_path / "a.css"
    style.write_text("a{}")
    files = FingerprintedFiles(tmp_path, "/static")
    before = files.url("a.css")
    style.write_text("b{}")
    assert files.url("a.css") != before
    with pytest.raises(LookupError):
        files.url("b.css")


def test_the_vendored_library_is_the_published_file_with_its_licence() -> None:
    folder = STATIC_DIR / "vendor" / "htmx-2.0.11"
    digest = hashlib.sha256((folder / "htmx.min.js").read_bytes()).hexdigest()
    assert digest == "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717"
    assert "Zero-Clause BSD" in (folder / "LICENSE").read_text()
    assert assets.url("vendor/htmx-2.0.11/LICENSE")


def test_every_template_compiles_and_none_has_anything_inline() -> None:
    for path in TEMPLATES_DIR.rglob("*.html"):
        environment().get_template(str(path.relative_to(TEMPLATES_DIR)))
        source = path.read_text()
        assert " style=" not in source, path
        assert "<style" not in source, path
        assert "|safe" not in source, path
        assert "hx-on" not in source, path
        assert all("src=" in part.partition(">")[0] for part in source.split("<script")[1:]), path
        assert "http://" not in source, path
        assert "https://" not in source, path


def test_every_drill_and_outcome_of_the_tables_has_words() -> None:
    from app.datasets.combine import DRILLS
    from app.datasets.draft_picks import DRAFT_PICKS

    assert tuple(DRILL_TEXTS) == DRILLS
    named = {field.name for fields in DRAFT_PICKS.sections.values() for field in fields}
    figures = DRAFT_PICKS.field_names[DRAFT_PICKS.field_names.index("age") :]
    assert named == set(figures) - {"car_av"}  # car_av is empty in the source


def test_every_position_of_the_reference_list_has_words() -> None:
    lines = (CHECKOUT / "pipeline/reference/positions.csv").read_text().splitlines()[1:]
    for line in lines:
        _, leaf, group, _ = line.split(",")
        assert leaf in POSITION_NAMES
        assert group in POSITION_NAMES


@pytest.mark.parametrize(("value", "text"), [(None, "no record"), (0, "0"), (12927, "12,927"), (27.5, "27.5"), (3.0, "3"), (-4, "−4")])
def test_numbers(value: float | None, text: str) -> None:
    assert formatting.number(value) == text


@pytest.mark.parametrize(
    ("value", "point", "number"), [(-0.0001, "0", "0.0"), (-0.0, "0", "0.0"), (-1234.5, "−1,234.5", "−1,234.5"), (-10, "−10", "−10.0")]
)
def test_all_numbers_have_the_same_minus_sign_and_zero_has_none(value: float, point: str, number: str) -> None:
    assert (formatting.points(value), formatting.number(value, 1)) == (point, number)


@pytest.mark.parametrize(
    ("value", "text"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (113, "113th"), (101, "101st")]
)
def test_ordinals(value: int, text: str) -> None:
    assert formatting.ordinal(value) == text


def test_small_words() -> None:
    assert formatting.feet(74) == "6′ 2″"
    assert formatting.plural(1, "pick") == "1 pick"
    assert formatting.plural(2000, "entry", "entries") == "2,000 entries"
    assert formatting.sentence_list(["a", "b", "c"]) == "a, b and c"
    assert formatting.sentence_list(["a"]) == "a"
    assert formatting.moment(None) == "never"
