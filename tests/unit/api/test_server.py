"""How the server process starts."""

from __future__ import annotations

import asyncio
import gc

import pytest
import uvicorn

from app.server import _Server


def test_garbage_is_collected_again_once_the_server_has_started(monkeypatch: pytest.MonkeyPatch) -> None:
    async def startup(self: uvicorn.Server, sockets: object = None) -> None:
        assert not gc.isenabled()

    monkeypatch.setattr(uvicorn.Server, "startup", startup)
    gc.disable()
    try:
        asyncio.run(_Server(uvicorn.Config("app.main:create_app", log_config=None)).startup())
        assert gc.isenabled()
    finally:
        gc.enable()
