"""What can go wrong in a load, each kind with the state it leaves in the ledger."""

from __future__ import annotations

from app.errors import DraftQueenError


class LoadError(DraftQueenError):
    """A load that did not happen; the last good data stays served. ``state`` is what the ledger records."""

    state = "failed"


class SourceUnavailable(LoadError):
    """The source could not be reached or found. Trying again later may help."""

    state = "skipped"


class Refused(LoadError):
    """What was asked for would do harm to what is there; nothing is wrong with either, and nothing has failed."""

    state = "skipped"


class SourceInvalid(LoadError):
    """The source answered with something that is not the data: empty, truncated, an error page, a missing column."""


class QualityGateFailed(LoadError):
    """The data could be read but is not fit to replace what is there."""


class LoadHeld(LoadError):
    """The data would change so much of what was stable that a person has to look first."""

    state = "held"


class AlreadyRunning(DraftQueenError):
    """Another load holds the lock."""

    def __init__(self) -> None:
        super().__init__("A load is already running.", "Wait until it ends; `dq etl runs` shows its state.")
