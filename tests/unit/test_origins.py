"""ALLOWED_ORIGINS: what is understood, and what is refused with what to write instead."""

from __future__ import annotations

import pytest

from app.settings import SettingsError, load_settings


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("", ()),
        (" , ", ()),
        ("*", ("*",)),
        ("https://draft.example.org", ("https://draft.example.org",)),
        ("https://a.example , http://localhost:3000,https://a.example", ("https://a.example", "http://localhost:3000")),
        ("HTTPS://Draft.Example.ORG:443", ("https://draft.example.org",)),
        ("http://[::1]:80,http://127.0.0.1:8080", ("http://[::1]", "http://127.0.0.1:8080")),
    ],
)
def test_origins_are_spelled_as_browsers_send_them(monkeypatch: pytest.MonkeyPatch, written: str, found: tuple[str, ...]) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", written)
    assert load_settings(None).allowed_origins == found


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("draft.example.org", "has 'draft.example.org', which has no scheme: write https://draft.example.org"),
        ("https://a.example,b.example/", "has 'b.example/', which has no scheme: write https://b.example"),
        ("https://a.example/", "has 'https://a.example/', which ends with a slash: write https://a.example"),
        ("ftp://a.example", "has 'ftp://a.example', which does not begin with http or https: write https://host"),
        ("https://*.a.example", "has 'https://*.a.example', which has a wildcard: name every origin, or write * alone for all of them"),
        ("*/api", "has '*/api', which has no scheme: write https://*/api"),
        ("*,https://a.example", "has * and other origins: write * alone, or only the others"),
        *(
            (wrong, f"has {wrong!r}, which is not an origin: write https://host or https://host:port, without user and path")
            for wrong in ("https://a.example/api", "https://u@a.example", "https://a.example:x", "https://", "https://bücher.example")
        ),
    ],
)
def test_anything_else_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch, written: str, sentence: str) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", written)
    with pytest.raises(SettingsError) as caught:
        load_settings(None)
    assert [str(problem) for problem in caught.value.problems] == [f"ALLOWED_ORIGINS {sentence}"]
