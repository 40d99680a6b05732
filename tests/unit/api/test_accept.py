"""The Accept header is read once, the same way for routes and for kept answers."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.http.accept import accepted


@pytest.mark.parametrize(
    ("accept", "answer"),
    [
        (b"", "json"),
        (b"*/*", "json"),
        (b"application/*;q=0.1", "json"),
        (b"text/html,application/xhtml+xml,*/*;q=0.8", "json"),
        (b"text/csv, APPLICATION/JSON", "json"),
        (b"application/problem+json", "json"),
        (b"text/csv;q=0.9, application/x-ndjson", "csv"),
        (b"text/*", "csv"),
        (b"text/html, text/*;q=0.5, */*;q=0.1", "json"),
        (b"text/*;q=0", "none"),
        (b"application/jsonl", "ndjson"),
        (b"application/jsonlines", "none"),
        (b"text/json", "none"),
        (b"text/html", "none"),
        (b"application/json;q=0", "none"),
        (b"application/json; q=0.000, text/csv", "csv"),
        (b"application/json;q=0.001", "json"),
        (b"application/json;q=0.0.1", "json"),
    ],
)
def test_accepted(accept: bytes, answer: str) -> None:
    assert accepted(accept) == answer


@given(st.binary(max_size=600))
@example(b"text/event-stream")
def test_any_bytes_have_an_answer(accept: bytes) -> None:
    assert accepted(accept) in ("json", "csv", "ndjson", "events", "none")
