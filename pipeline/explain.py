"""The ledger's error message for a failed load."""

import errno

import asyncpg

from app.db.failures import connection_lost

_NOT_WRITABLE = {
    errno.EACCES: ("permission denied", "Make the folder writable by the user running the load"),
    errno.EPERM: ("operation not permitted", "Make the folder writable by the user running the load"),
    errno.EROFS: ("read-only file system", "Mount it read-write"),
}


def explain(error: Exception, *, rolled_back: bool = True) -> str:
    """Return an error message for people, with what to do about it where that is known.

    ``rolled_back`` is false for an error that costs no load: one after its commit.
    """
    outcome = "; the load was rolled back" if rolled_back else ""
    # polars says the same thing as text only
    full = isinstance(error, OSError) and error.errno == errno.ENOSPC
    if full or isinstance(error, asyncpg.DiskFullError) or f"os error {errno.ENOSPC}" in str(error):
        return f"The disk is full{outcome}. Free some space and load again."
    if isinstance(error, OSError) and error.errno in _NOT_WRITABLE:
        place = error.filename or "a file of the load"
        reason, advice = _NOT_WRITABLE[error.errno]
        return f"Cannot write {place}: {reason}. {advice}, or set EXPORTS_DIR."
    if connection_lost(error):
        return f"The connection to the database was lost{outcome}. Load again when the database is back."
    if isinstance(error, asyncpg.UniqueViolationError):
        key = f" {error.detail}" if error.detail else ""
        return f"Two rows have the same key in {error.table_name}:{key} The load was rolled back; correct the file and load again."
    lines = str(error).strip().splitlines()
    what = "The load failed" if rolled_back else "The reason"
    return f"{what}: {lines[0] if lines else type(error).__name__}"
