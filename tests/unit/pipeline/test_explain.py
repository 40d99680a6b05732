"""What the ledger says about an error."""

from __future__ import annotations

import errno

import pytest

from pipeline.explain import explain


@pytest.mark.parametrize("error", [TimeoutError(), OSError(" \n")], ids=["no text", "white space"])
def test_an_error_without_a_text_is_named(error: Exception) -> None:
    assert explain(error) == f"The load failed: {type(error).__name__}"


@pytest.mark.parametrize(
    ("number", "filename", "expected"),
    [
        (errno.EACCES, "/srv/exports", "Cannot write /srv/exports: permission denied. Make the folder writable"),
        (errno.EROFS, "/srv/exports", "Cannot write /srv/exports: read-only file system. Mount it read-write, or set EXPORTS_DIR."),
        (errno.EACCES, None, "Cannot write a file of the load: permission denied. "),
    ],
)
def test_a_folder_that_cannot_be_written_is_named_with_the_reason(number: int, filename: str | None, expected: str) -> None:
    assert explain(OSError(number, "as the system says", filename)).startswith(expected)
