"""How notifications are listened to again after their connection was lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError, EmulatedDBAPIException

from app.context.dataset_state import DatasetState, DatasetVersion
from app.db.database import Database, PoolExhausted

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

pytestmark = pytest.mark.anyio


def sleeps_with(monkeypatch: pytest.MonkeyPatch, sleep: Callable[[float], Awaitable[None]]) -> None:
    """Replace the pause of the module alone: servers of other tests run in threads of this process."""
    monkeypatch.setattr("app.context.dataset_state.asyncio", SimpleNamespace(**{**vars(asyncio), "sleep": sleep}))


class Losing(DatasetState):
    """Each connection is lost, and before that only some have said which version it is."""

    def __init__(self, good: list[bool], error: Exception) -> None:
        super().__init__(cast("Database", None))
        self.good = iter(good)
        self.error = error

    async def _listen(self) -> None:
        if next(self.good):
            self._publish(DatasetVersion("1.1", "1.1-a", {}, {}, synthetic=False))
        raise self.error


@pytest.mark.parametrize(
    ("good", "expected"),
    [
        ([False] * 8, [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]),
        ([True] * 4, [0.1] * 4),
        ([False, False, False, True, False], [0.1, 0.2, 0.4, 0.1, 0.2]),
    ],
)
@pytest.mark.parametrize(
    "error",
    [
        ConnectionError("lost"),
        TimeoutError(),
        asyncpg.AdminShutdownError("terminating connection"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InternalClientError("another operation is in progress"),
        RuntimeError("a defect"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_pauses_grow_only_while_they_do_not_help(
    monkeypatch: pytest.MonkeyPatch, good: list[bool], expected: list[float], error: Exception
) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == len(expected):
            raise asyncio.CancelledError

    sleeps_with(monkeypatch, sleep)
    with pytest.raises(asyncio.CancelledError):
        await Losing(good, error).follow()
    assert pauses == pytest.approx(expected)


VERSION = DatasetVersion("1.1", "1.1-a", {}, {}, synthetic=False)


async def test_after_the_notice_of_a_change_nothing_is_known_any_more() -> None:
    state = DatasetState(cast("Database", None))
    assert state.last_known() is None
    state._publish(VERSION)
    last = state.last_known()
    assert last is not None
    assert last[0] == VERSION
    state._on_close()
    assert (state.known, state.last_known() is not None) == (None, True)
    state._on_change()
    state._on_close()
    assert (state.known, state.last_known()) == (None, None)


async def test_the_database_is_away_when_no_connection_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that has only been lost says nothing about the next one."""
    seen: list[bool] = []
    state = Losing([True, False, False], ConnectionError("lost"))

    async def sleep(_seconds: float) -> None:
        seen.append(state.away)
        if len(seen) == 3:
            raise asyncio.CancelledError

    sleeps_with(monkeypatch, sleep)
    with pytest.raises(asyncio.CancelledError):
        await state.follow()
    assert seen == [False, True, True]
    state._publish(VERSION)
    assert state.away is False


@pytest.mark.parametrize(
    ("error", "away"),
    [pytest.param(PoolExhausted("all in use"), False, id="all in use"), pytest.param(TimeoutError(), True, id="no new one could be made")],
)
async def test_a_full_pool_does_not_mean_that_the_database_is_away(
    monkeypatch: pytest.MonkeyPatch, error: TimeoutError, away: bool
) -> None:
    def no_connection() -> None:
        raise error

    state = DatasetState(cast("Database", SimpleNamespace(connection=no_connection)))

    async def sleep(_seconds: float) -> None:
        raise asyncio.CancelledError

    sleeps_with(monkeypatch, sleep)
    with pytest.raises(asyncio.CancelledError):
        await state.follow()
    assert state.away is away


async def test_the_driver_raises_its_own_error_although_the_engine_has_wrapped_it() -> None:
    """SQLAlchemy wraps the errors of an engine's first connection in another class than those of the later ones."""
    driver = asyncpg.AdminShutdownError("terminating connection")
    wrapped = DBAPIError(None, None, EmulatedDBAPIException("terminating connection", driver))

    async def raw_connection() -> None:
        raise wrapped

    engine = SimpleNamespace(pool=SimpleNamespace(size=lambda: 1), raw_connection=raw_connection)
    with pytest.raises(asyncpg.AdminShutdownError):
        async with Database(cast("AsyncEngine", engine)).connection():
            pass
