"""The texts of errors: what is passed on of them, and what is said in one line."""

from __future__ import annotations

#: Longest text that is passed on; the end says what it was.
_CHARACTERS = 16_000


def shortened(text: str) -> str:
    """The end of a long text."""
    return text if len(text) <= _CHARACTERS else "...\n" + text[-_CHARACTERS:]


def last_line(text: str) -> str:
    """The line that names the error."""
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else "no reason was given"
