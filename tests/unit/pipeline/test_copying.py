"""The text that PostgreSQL is sent: plain where it can be, quoted where a cell has one of the characters that hold it together."""

from __future__ import annotations

import polars as pl
import pytest

from pipeline.steps.copying import _as_csv


def test_plain_cells_are_not_quoted() -> None:
    piece = pl.DataFrame({"name": ['Ray "Crash" Corrigan, Jr.', None], "pick": [7, None]})
    assert _as_csv(piece) == b'Ray "Crash" Corrigan, Jr.\x1f7\n\x1f\n'


@pytest.mark.parametrize("odd", ["\n", "\r", "\r\n"])
def test_a_cell_that_would_be_taken_for_two_is_quoted(odd: str) -> None:
    piece = pl.DataFrame({"name": [f"Ray{odd}Crash", "Al"], "pick": [7, 8]})
    assert _as_csv(piece) == f"\x1eRay{odd}Crash\x1e\x1f7\nAl\x1f8\n".encode()


def test_the_quote_itself_is_doubled() -> None:
    assert _as_csv(pl.DataFrame({"name": ["Ray\x1eCrash"], "pick": [7]})) == b"\x1eRay\x1e\x1eCrash\x1e\x1f7\n"
