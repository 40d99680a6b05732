"""One policy: pages and data have it from the middleware, and what the proxy responds itself has the same values."""

from __future__ import annotations

import re

import pytest

from app.middleware.security_headers import (
    CONTENT_SECURITY_POLICY,
    IMAGE_HEADERS,
    NOSNIFF,
    OPENER_POLICY,
    PAGE_HEADERS,
    REFERRER_POLICY,
    secured,
)
from tests.conftest import CHECKOUT

PROXY = CHECKOUT / "docker" / "proxy" / "draft-queen"


def _map(variable: str) -> dict[str, str]:
    """What nginx sends for a response that has this header from the API (default), and for one that has not ("")."""
    text = (PROXY / "headers.conf").read_text()
    block = re.search(rf"map \S+ \${variable} {{\n(.*?)\n}}", text, re.DOTALL)
    assert block, variable
    return dict(re.findall(r'^\s+(""|default)\s+"([^"]*)";$', block[1], re.MULTILINE))


@pytest.mark.parametrize(("variable", "policy"), [("our_referrer_policy", REFERRER_POLICY), ("our_opener_policy", OPENER_POLICY)])
def test_the_proxy_sends_the_same_values(variable: str, policy: tuple[bytes, bytes]) -> None:
    assert _map(variable) == {'""': policy[1].decode(), "default": ""}


def test_the_proxys_own_responses_may_load_no_more_than_a_page() -> None:
    found = _map("our_content_security_policy")
    assert found["default"] == ""
    ours = dict(part.strip().split(" ", 1) for part in CONTENT_SECURITY_POLICY[1].decode().split(";"))
    own = dict(part.strip().split(" ", 1) for part in found['""'].split(";"))
    assert own.pop("default-src") == "'none'"
    for directive, sources in own.items():
        assert sources == "'none'" or sources in ours.get(directive, ours["default-src"]), directive


def test_the_proxy_lets_no_type_be_guessed() -> None:
    assert f"add_header X-Content-Type-Options {NOSNIFF[1].decode()} always;" in (PROXY / "security.conf").read_text()


@pytest.mark.parametrize(
    ("kind", "added"),
    [
        (b"text/html; charset=utf-8", PAGE_HEADERS),
        (b"image/svg+xml", IMAGE_HEADERS),
        (b"text/css", (NOSNIFF,)),
        (None, (NOSNIFF,)),
    ],
)
def test_a_page_has_the_whole_policy_and_data_are_not_guessed(kind: bytes | None, added: tuple[tuple[bytes, bytes], ...]) -> None:
    headers = [(b"content-type", kind)] if kind else []
    assert secured(headers) == [*headers, *added]
