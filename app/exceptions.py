"""The root of every error that people may see: one sentence, and what to do about it."""

from __future__ import annotations


class DraftQueenError(Exception):
    """Something went wrong that a person can act on.

    ``message`` is one sentence without a trailing newline; ``cure`` says what to do, when there is something to do.
    """

    def __init__(self, message: str, cure: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.message} {self.cure}" if self.cure else self.message
