"""Two things at once: PostgreSQL takes rows while the processor of this side prepares what comes next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TypeVar

T = TypeVar("T")


async def beside(writing: Coroutine[object, object, None], work: Callable[[], T]) -> T:
    """The result of ``work``, done in a thread while ``writing`` goes on; returns, or raises, when both have ended."""
    job = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        await writing
    finally:
        await asyncio.wait([job])
    return job.result()
