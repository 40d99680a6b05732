"""What a check says: one line for a person, one object for a program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "problem", "skipped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of one check. ``message`` says what is the case, ``cure`` what to do about it; neither ends in a full stop."""

    name: str
    state: State
    message: str
    cure: str | None = None

    def __str__(self) -> str:
        """One sentence, with its cure."""
        sentence = f"{self.message}: {self.cure}" if self.cure else self.message
        return sentence if sentence.endswith("?") else f"{sentence}."


def ok(name: str, message: str) -> Finding:
    """Nothing to do."""
    return Finding(name, "ok", message)


def skipped(name: str, reason: str) -> Finding:
    """There is nothing to look at here, and why."""
    return Finding(name, "skipped", reason)


def warning(name: str, message: str, cure: str) -> Finding:
    """Report that something works, but not for long or not for everything."""
    return Finding(name, "warning", message, cure)


def problem(name: str, message: str, cure: str) -> Finding:
    """Something does not work."""
    return Finding(name, "problem", message, cure)
