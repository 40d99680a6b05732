"""Errors of a load, each with the state that it leaves in the ledger."""

from app.errors import DraftQueenError


class LoadError(DraftQueenError):
    """A load that did not succeed; the last good data remain available. ``state`` is what the ledger records."""

    state = "failed"


class SourceUnavailable(LoadError):
    """The source could not be reached or found. Trying again later may help."""

    state = "skipped"


class Refused(LoadError):
    """The requested load would replace data that it must not; neither the request nor the data are faulty."""

    state = "skipped"


class SourceInvalid(LoadError):
    """The source does not contain the data: it is empty, truncated, an error page, or lacks a column."""


class QualityGateFailed(LoadError):
    """The data could be read but must not replace the present data."""


class LoadHeld(LoadError):
    """The data would change so much of what was stable that a person has to review them first."""

    state = "held"


class AlreadyRunning(DraftQueenError):
    """Another process holds the load lock; ``holder`` says which load or decision, and since when, as far as that is known.

    A ``decision`` has waited for it already.
    """

    def __init__(self, holder: str = "a load is already running", *, decision: bool = False) -> None:
        again = "Decide again when it has ended" if decision else "Wait until it ends with `dq etl run --wait 600`"
        super().__init__(f"{holder[0].upper()}{holder[1:]}.", f"{again}; `dq etl runs` shows the state of a load.")
