"""What the ledger says about an error."""

from __future__ import annotations

import pytest

from pipeline.explain import explain


@pytest.mark.parametrize("error", [TimeoutError(), OSError(" \n")], ids=["no text", "white space"])
def test_an_error_without_a_text_is_named(error: Exception) -> None:
    assert explain(error) == f"The load failed: {type(error).__name__}"
