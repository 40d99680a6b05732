"""Open connections to the database, with the password that is valid at that moment."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

import asyncpg

from app.secret_files import read_lines, split_secret_file

#: How often the file is read again after everything in it was refused: a change of the password may lie between reading and asking.
ATTEMPTS: Final = 3
PAUSE_SECONDS: Final = 0.1


async def connect(dsn: str, **options: Any) -> asyncpg.Connection[asyncpg.Record]:
    """Open a connection to the database.

    This is ``asyncpg.connect`` for every process of ours. A DSN from the settings may name the file of its password, which the driver
    would take for a setting of the server.

    Raises:
        asyncpg.InvalidPasswordError: none of the passwords in the file is taken, now and a moment later.
        OSError: the file cannot be read, or the server cannot be reached.
    """
    address, path = split_secret_file(dsn)
    if path is None:
        connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(address, **options)
        return connection
    return await _with_file(address, path, options)


async def _with_file(address: str, path: Path, options: dict[str, Any]) -> asyncpg.Connection[asyncpg.Record]:
    refused: asyncpg.InvalidPasswordError | None = None
    tried: set[str] = set()
    for attempt in range(ATTEMPTS):
        if attempt:
            await asyncio.sleep(PAUSE_SECONDS)
        for password in read_lines(path):
            if password in tried:
                continue
            tried.add(password)
            try:
                connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(address, password=password, **options)
            except asyncpg.InvalidPasswordError as error:
                refused = error
            else:
                return connection
    raise refused or OSError(f"{path} is empty: it holds the database's password")
