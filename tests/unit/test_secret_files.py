"""Secrets that change while a process runs: the address names their file, and a new connection reads it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.cache.redis import client_for
from app.db import connect as connecting
from app.secret_files import read_lines, split_secret_file, with_secret_file, without_user
from app.settings import load_settings
from app.settings.database import configured_dsn

DSN = "postgresql://draft_queen@db:5432/draft_queen"


class Server:
    """Takes one password, in place of the driver; what was tried is kept."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.tried: list[tuple[str, str | None]] = []

    async def connect(self, dsn: str, *, password: str | None = None, **_: Any) -> str:
        self.tried.append((dsn, password))
        if password != self.password:
            raise asyncpg.InvalidPasswordError("refused")
        return "connected"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    one = Server("new")
    monkeypatch.setattr(asyncpg, "connect", one.connect)
    monkeypatch.setattr(connecting, "PAUSE_SECONDS", 0.001)
    return one


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "a secret"
    path.write_text("new")
    return path


def test_an_address_names_its_file_and_gives_it_back(secret: Path) -> None:
    for url in (DSN, "postgresql://draft_queen:old@db:5432/draft_queen", f"{DSN}?application_name=x", f"{DSN}?password=old"):
        address = with_secret_file(url, secret)
        assert "old" not in address
        assert split_secret_file(address) == (url.replace(":old", "").replace("?password=old", ""), secret)
    assert split_secret_file(DSN) == (DSN, None)
    assert without_user("redis://me:secret@redis:6379/0?x=1") == "redis://redis:6379/0?x=1"


def test_a_password_is_read_when_a_connection_is_made(server: Server, secret: Path) -> None:
    address = with_secret_file(DSN, secret)
    asyncio.run(connecting.connect(address))
    server.password = "newer"
    secret.write_text("newer\n")
    asyncio.run(connecting.connect(address))
    assert server.tried == [(DSN, "new"), (DSN, "newer")]


def test_while_it_is_being_changed_both_are_tried(server: Server, secret: Path) -> None:
    secret.write_text("old\nnew\n")
    asyncio.run(connecting.connect(with_secret_file(DSN, secret)))
    assert [password for _, password in server.tried] == ["old", "new"]


def test_a_change_between_reading_and_asking_is_noticed(server: Server, secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = iter([[], ["old"], ["old", "new"]])
    monkeypatch.setattr(connecting, "read_lines", lambda _: next(contents))
    asyncio.run(connecting.connect(with_secret_file(DSN, secret)))
    assert [password for _, password in server.tried] == ["old", "new"]


def test_a_wrong_password_is_tried_once_and_said(server: Server, secret: Path) -> None:
    secret.write_text("wrong")
    with pytest.raises(asyncpg.InvalidPasswordError):
        asyncio.run(connecting.connect(with_secret_file(DSN, secret)))
    assert len(server.tried) == 1
    secret.write_text("")
    with pytest.raises(OSError, match="is empty"):
        asyncio.run(connecting.connect(with_secret_file(DSN, secret)))


def test_settings_name_the_files_instead_of_holding_the_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("0c7f3b1e9a\n")
    (tmp_path / "redis").write_text("redis://me:0c7f3b1e9a@redis:6379/0")
    monkeypatch.setenv("DATABASE_URL", DSN)
    monkeypatch.setenv("DATABASE_PASSWORD_FILE", str(tmp_path / "password"))
    monkeypatch.setenv("REDIS_URL_FILE", str(tmp_path / "redis"))
    found = load_settings(None)
    assert found.database_url == f"{DSN}?secret_file={tmp_path}/password"
    assert found.redis_url == f"redis://me@redis:6379/0?secret_file={tmp_path}/redis"


def test_redis_is_told_the_name_and_password_of_the_moment(tmp_path: Path) -> None:
    path = tmp_path / "redis"
    path.write_text("redis://me:old%2Fone@redis:6379/0")
    client = client_for(with_secret_file(path.read_text(), path))
    provider = client.connection_pool.connection_kwargs["credential_provider"]
    assert provider.get_credentials() == ("me", "old/one")
    path.write_text("redis://:new@redis:6379/0")
    assert provider.get_credentials() == ("new",)


def test_empty_lines_are_no_secrets(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("\n one \n\ntwo")
    assert read_lines(tmp_path / "x") == ["one", "two"]


def test_the_configured_dsn_leads_to_the_password(server: Server, secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So a service that passes it to ``connect()`` never sees the name of the file, nor does its driver."""
    monkeypatch.setenv("DATABASE_URL", DSN)
    monkeypatch.setenv("DATABASE_PASSWORD_FILE", str(secret))
    with configured_dsn(load_settings(None)) as dsn:
        asyncio.run(connecting.connect(dsn))
    assert server.tried == [(DSN, "new")]
