"""Supervises the embedded database while everything else is running."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from app.errors import DraftQueenError

if TYPE_CHECKING:
    from cli.serve.child import Say
    from tools.embedded import EmbeddedPostgres

LOOK_EVERY_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30


async def keep_database(embedded: EmbeddedPostgres, say: Say) -> None:
    """Restart the server whenever it has stopped for good; runs until cancelled.

    A server that crashes is restarted by its keeper. The keeper detaches itself, so that it survives the process that started it. If it is
    killed, or gives up, the server ends with it, and every request would get a 503 until the next start.

    Raises:
        DraftQueenError: the folder of the server was removed.
    """
    pause = 1
    while True:
        await asyncio.sleep(LOOK_EVERY_SECONDS)
        if await asyncio.to_thread(embedded.is_kept):
            continue
        say("dq", "The embedded PostgreSQL ended unexpectedly; starting it again.")
        try:
            await asyncio.to_thread(embedded.start_again)
        except FileNotFoundError as error:
            message = f"The folder of the database was removed while it was in use ({embedded.directory})."
            raise DraftQueenError(message, "Start again to create a new one.") from error
        except (DraftQueenError, OSError) as error:
            say("dq", f"{error} Next try in {pause} s.")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        else:
            pause = 1
