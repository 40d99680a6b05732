"""The webhook: one signed notice of each load that changes data, repeated until it arrives."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import asyncpg
import pytest

from app.settings import SettingsError, get_settings
from app.settings.model import load_settings
from pipeline import webhook
from pipeline.options import LoadOptions
from pipeline.worker import Worker, WorkerOptions
from tests.integration.history.conftest import Past, load
from tests.support.waiting import PATIENCE, until

SECRET, NEXT_SECRET = "a secret of the tests", "the secret after a rotation"


class Receiver:
    """An HTTP server that fails at first, and records what arrives. After the first request the secret changes."""

    def __init__(self, secret: Path) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                secret.write_text(NEXT_SECRET)
                status = {1: 500, 2: 302}.get(len(receiver.requests), 204)
                self.send_response(status)
                if status == 302:
                    self.send_header("location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks/draft"


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Receiver]:
    secret = tmp_path / "webhook_secret"
    secret.write_text(SECRET)
    found = Receiver(secret)
    monkeypatch.setenv("ENVIRONMENT", "test")
    monkeypatch.setenv("WEBHOOK_URL", found.url)
    monkeypatch.setenv("WEBHOOK_SECRET_FILE", str(secret))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    get_settings.cache_clear()
    yield found
    found.server.shutdown()
    get_settings.cache_clear()


async def queued(dsn: str) -> list[bytes]:
    connection = await asyncpg.connect(dsn)
    try:
        return [row["payload"] for row in await connection.fetch("select payload from pgqueuer where entrypoint = 'webhook'")]
    finally:
        await connection.close()


def test_a_notice_is_signed_and_repeated_until_it_arrives(past: Past, receiver: Receiver) -> None:
    def again(date: str) -> LoadOptions:
        return LoadOptions(dsn=past.dsn, exports_dir=past.exports, source="files", directory=past.folder / date, datasets=("combine",))

    unchanged = load(again("2026-06-01"))["combine"]
    assert (unchanged.state, asyncio.run(queued(past.dsn))) == ("unchanged", [])
    changed = load(again("2026-04-01"))["combine"]
    assert changed.rows_updated > 0
    [payload] = asyncio.run(queued(past.dsn))

    async def work() -> None:
        worker = Worker(
            WorkerOptions(LoadOptions(past.dsn, past.exports, "web"), ticks="0 0 1 1 *", poll=0.1, first_retry=0.05, longest_retry=0.1)
        )
        running = asyncio.create_task(worker.run())
        await asyncio.to_thread(until, lambda: len(receiver.requests) >= 3, lambda: f"{len(receiver.requests)} requests")
        worker.stop.set()
        await running

    asyncio.run(work())
    assert [path for path, _, _ in receiver.requests] == ["/hooks/draft"] * 3, "a redirect is not followed"
    assert asyncio.run(queued(past.dsn)) == []
    body = receiver.requests[-1][2]
    assert body == payload
    notice = json.loads(body)
    assert (notice["event"], notice["run_id"], notice["dataset"]) == ("load.changed", changed.run_id, "combine")
    assert (notice["rows_updated"], notice["changes"]) == (changed.rows_updated, f"/api/v1/changes?run_id={changed.run_id}")
    for (_, headers, body), secret in zip(receiver.requests, (SECRET, NEXT_SECRET, NEXT_SECRET), strict=True):
        seconds, signed = (part.partition("=")[2] for part in headers["draft-queen-signature"].split(","))
        assert abs(time.time() - int(seconds)) < 300
        assert hmac.compare_digest(signed, hmac.new(secret.encode(), seconds.encode() + b"." + body, hashlib.sha256).hexdigest())


def test_a_webhook_without_a_secret_is_a_wrong_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WEBHOOK_URL", "https://example.org/hook")
    with pytest.raises(SettingsError, match="WEBHOOK_SECRET is missing"):
        load_settings(env_file=None)
    (tmp_path / "secret").write_text(SECRET)
    monkeypatch.setenv("WEBHOOK_SECRET_FILE", str(tmp_path / "secret"))
    assert load_settings(env_file=None).webhook_secret == SECRET


@pytest.mark.parametrize(
    ("head", "drip", "said"),
    [
        (b"HTTP/1.1 204 No Content\r\n", b"X-Drop: 1\r\n", "the receiver did not respond within 0.5 seconds"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"8\r\nmore and\r\n", None),
    ],
    ids=["headers", "body"],
)
def test_a_response_without_an_end_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, head: bytes, drip: bytes, said: str | None) -> None:
    left = threading.Event()

    def respond() -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.sendall(head)
            while not left.wait(0.05):
                connection.sendall(drip)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        for name, value in {
            "ENVIRONMENT": "test",
            "WEBHOOK_URL": f"http://127.0.0.1:{listener.getsockname()[1]}/",
            "WEBHOOK_SECRET": SECRET,
            "NO_PROXY": "127.0.0.1",
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(webhook, "TIMEOUT_SECONDS", 0.5)
        get_settings.cache_clear()
        threading.Thread(target=respond, daemon=True).start()
        try:
            problem = asyncio.run(asyncio.wait_for(webhook.send_notice(b"{}"), PATIENCE))
        finally:
            left.set()
            get_settings.cache_clear()
    assert problem == said
