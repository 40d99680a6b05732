"""What the ledger says about a load that an error has ended."""

from __future__ import annotations

import errno

import asyncpg


def explain(error: Exception) -> str:
    """Return one sentence for people, with what to do about it where that is known."""
    # polars says the same thing as text only
    full = isinstance(error, OSError) and error.errno == errno.ENOSPC
    if full or isinstance(error, asyncpg.DiskFullError) or f"os error {errno.ENOSPC}" in str(error):
        return "The disk is full; the load was rolled back. Free some space and load again."
    if isinstance(error, PermissionError) or (isinstance(error, OSError) and error.errno == errno.EROFS):
        return (
            f"Cannot write {error.filename}: permission denied. Make the folder writable by the user running the load, or set EXPORTS_DIR."
        )
    if isinstance(error, (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.OperatorInterventionError, ConnectionError)):
        return "The connection to the database was lost and the load was rolled back. Load again when the database is back."
    if isinstance(error, asyncpg.UniqueViolationError):
        key = f" {error.detail}" if error.detail else ""
        return f"Two rows have the same key in {error.table_name}:{key} The load was rolled back; correct the file and load again."
    lines = str(error).strip().splitlines()
    return f"The load failed: {lines[0] if lines else type(error).__name__}"
