"""When the launcher gives up."""

from __future__ import annotations

import asyncio
import socket

import pytest

from app.errors import DraftQueenError
from app.settings import Settings
from cli.serve import launcher
from cli.serve.launcher import Launcher


def test_an_api_that_cannot_start_is_given_up_when_no_loop_can_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only an edit that the loop notices could make it start."""
    attempts: list[int] = []

    async def start(_launcher: Launcher, _listener: socket.socket) -> None:
        attempts.append(1)
        assert len(attempts) <= 3

    monkeypatch.setattr(launcher, "why_no_loop", lambda: "devloop is not installed")
    monkeypatch.setattr(Launcher, "_start_api", start)
    monkeypatch.setattr(launcher, "FIRST_PAUSE_SECONDS", 0)
    settings = Settings(environment="development", reload=True)
    with socket.socket() as listener, pytest.raises(DraftQueenError, match="The API does not start"):
        asyncio.run(Launcher(settings, None, lambda _name, _line: None)._keep_api(listener, asyncio.Event()))
