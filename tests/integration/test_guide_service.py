"""The code of docs/adding-a-service.md on a real server, with its password in a file as in production."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.settings import get_settings
from tests.support.guide import blocks


@pytest.fixture
def service(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """What the page's file defines, in a process with the settings of production."""
    (tmp_path / "password").write_text("a-password-of-some-length\n")
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("DATABASE_PASSWORD_FILE", str(tmp_path / "password"))
    get_settings.cache_clear()
    names: dict[str, Any] = {}
    exec(compile(blocks()["app/standings.py"], "standings.py", "exec"), names)  # noqa: S102 - the page's own code
    yield names
    get_settings.cache_clear()


@pytest.mark.anyio
async def test_it_connects_with_a_password_from_a_file(service: dict[str, Any]) -> None:
    assert await service["standings"]() == {"picks": 0}


@pytest.mark.anyio
async def test_the_driver_itself_does_not(service: dict[str, Any]) -> None:
    """So the page must not teach it: the server takes the file's name for a setting, and refuses."""
    dsn = get_settings().database_url
    assert dsn is not None
    with pytest.raises(asyncpg.PostgresError, match="secret_file"):
        await asyncpg.connect(dsn)
