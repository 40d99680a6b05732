"""The result of a check: one line for people, one object for programs."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "problem", "skipped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of one check. ``message`` describes it, ``cure`` says what to do about it; neither ends in a full stop."""

    name: str
    state: State
    message: str
    cure: str | None = None

    def __str__(self) -> str:
        """Format the finding with its advice."""
        sentence = f"{self.message}: {self.cure}" if self.cure else self.message
        return sentence if sentence.endswith("?") else f"{sentence}."


def ok(name: str, message: str) -> Finding:
    """Report that nothing needs to be done."""
    return Finding(name, "ok", message)


def skipped(name: str, reason: str) -> Finding:
    """Report that a check does not apply, and why."""
    return Finding(name, "skipped", reason)


def warning(name: str, message: str, cure: str) -> Finding:
    """Report that something works, but not for long or not for everything."""
    return Finding(name, "warning", message, cure)


def problem(name: str, message: str, cure: str) -> Finding:
    """Report that something does not work."""
    return Finding(name, "problem", message, cure)
