"""Downloads against a real HTTP server on the loopback interface, well behaved and not."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pipeline.errors import SourceUnavailable
from pipeline.fetch import Fetched, FetchLimits, fetch
from tests.support.waiting import PATIENCE

DATA = b"season,round,pick\n" + b"1980,1,1\n" * 50_000
ETAG = '"v1"'
MODIFIED = "Wed, 06 May 2026 10:00:00 GMT"
FAST = FetchLimits(silence_seconds=PATIENCE, connect_seconds=PATIENCE, total_seconds=PATIENCE, attempts=3, first_pause_seconds=0.01)

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers with what the test planned for the path."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        plan = self.server.plans[self.path]
        (plan.pop(0) if len(plan) > 1 else plan[0])(self)

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", headers.pop("content_length", str(len(body))))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature is the library's
        """Quiet."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.plans: dict[str, list[Answer]] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what some tests are about."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def get(url: str, folder: Path, limits: FetchLimits = FAST, pauses: list[float] | None = None) -> Fetched:
    async def sleep(seconds: float) -> None:
        if pauses is not None:
            pauses.append(seconds)

    return asyncio.run(fetch(url, folder, limits=limits, sleep=sleep))


def refused(url: str, folder: Path, limits: FetchLimits = FAST) -> str:
    with pytest.raises(SourceUnavailable) as caught:
        get(url, folder, limits)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


def good(handler: Handler) -> None:
    """Answers like a release server: validators, and 304 to who has the file."""
    if handler.headers.get("If-None-Match") == ETAG:
        handler.reply(304)
    else:
        handler.reply(200, DATA, ETag=ETAG, Last_Modified=MODIFIED, Content_Type="application/octet-stream")


def test_a_file_is_downloaded_whole_with_its_validators(server: Server, tmp_path: Path) -> None:
    server.plans["/combine.csv"] = [good]
    fetched = get(server.url("/combine.csv"), tmp_path / "downloads")
    assert fetched.path.read_bytes() == DATA
    assert fetched.path.name.endswith("-combine.csv")
    assert (fetched.etag, fetched.last_modified, fetched.not_modified) == (ETAG, MODIFIED, False)
    assert (fetched.checksum, fetched.byte_count) == (hashlib.sha256(DATA).hexdigest(), len(DATA))
    assert server.requests[0][1]["user-agent"].startswith("draft-queen")
    assert "if-none-match" not in server.requests[0][1]


def test_the_second_time_only_what_is_new_is_asked_for(server: Server, tmp_path: Path) -> None:
    server.plans["/combine.csv"] = [good]
    first = get(server.url("/combine.csv"), tmp_path)
    second = get(server.url("/combine.csv"), tmp_path)
    assert second.not_modified
    assert (second.path, second.checksum, second.etag) == (first.path, first.checksum, ETAG)
    assert server.requests[1][1]["if-none-match"] == ETAG
    assert server.requests[1][1]["if-modified-since"] == MODIFIED


def test_validators_belong_to_the_stable_address_not_to_where_it_redirects(server: Server, tmp_path: Path) -> None:
    server.plans["/stable.csv"] = [
        lambda handler: handler.reply(302, Location="/signed?expires=1"),
        lambda handler: handler.reply(302, Location="/signed?expires=2"),
    ]
    server.plans["/signed?expires=1"] = [good]
    server.plans["/signed?expires=2"] = [good]
    assert not get(server.url("/stable.csv"), tmp_path).not_modified
    again = get(server.url("/stable.csv"), tmp_path)
    assert again.not_modified
    assert again.url == server.url("/stable.csv")
    assert [path for path, _ in server.requests] == ["/stable.csv", "/signed?expires=1", "/stable.csv", "/signed?expires=2"]
    assert server.requests[3][1]["if-none-match"] == ETAG


@pytest.mark.parametrize("damage", ["file", "note", "file gone"])
def test_a_damaged_copy_is_fetched_anew_instead_of_believed(server: Server, tmp_path: Path, damage: str) -> None:
    server.plans["/combine.csv"] = [good]
    fetched = get(server.url("/combine.csv"), tmp_path)
    note = fetched.path.with_name(fetched.path.name + ".json")
    if damage == "file":
        fetched.path.write_bytes(DATA[:-1] + b"!")
    elif damage == "note":
        note.write_text('{"etag": ')
    else:
        fetched.path.unlink()
    again = get(server.url("/combine.csv"), tmp_path)
    assert not again.not_modified
    assert again.path.read_bytes() == DATA
    assert "if-none-match" not in server.requests[1][1]


def test_a_changed_file_replaces_the_old_one(server: Server, tmp_path: Path) -> None:
    server.plans["/combine.csv"] = [good, lambda handler: handler.reply(200, b"season\n1\n", ETag='"v2"')]
    get(server.url("/combine.csv"), tmp_path)
    changed = get(server.url("/combine.csv"), tmp_path)
    assert changed.path.read_bytes() == b"season\n1\n"
    assert changed.etag == '"v2"'
    assert not changed.not_modified


def truncated(handler: Handler) -> None:
    handler.reply(200, DATA[: len(DATA) // 2], content_length=str(len(DATA)), ETag=ETAG)
    handler.close_connection = True


def test_a_truncated_answer_is_asked_for_again_and_never_kept(server: Server, tmp_path: Path) -> None:
    server.plans["/combine.csv"] = [truncated, truncated, good]
    assert get(server.url("/combine.csv"), tmp_path).path.read_bytes() == DATA
    assert len(server.requests) == 3


def test_a_source_that_stays_truncated_leaves_the_last_good_file(server: Server, tmp_path: Path) -> None:
    server.plans["/combine.csv"] = [good, truncated]
    kept = get(server.url("/combine.csv"), tmp_path)
    assert "cut off" in refused(server.url("/combine.csv"), tmp_path)
    assert kept.path.read_bytes() == DATA
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([kept.path.name, f"{kept.path.name}.json"])


def test_half_a_parquet_file_is_recognised_without_a_length(server: Server, tmp_path: Path) -> None:
    def chunked(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"9\r\nPAR1 half\r\n0\r\n\r\n")

    server.plans["/combine.parquet"] = [chunked]
    assert "not a whole Parquet file" in refused(server.url("/combine.parquet"), tmp_path)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/html; charset=utf-8", b"<!doctype html><title>Sign in</title>"),
        ("application/octet-stream", b"\n  <HTML><body>We are down</body></HTML>"),
        ("text/csv", b"\xef\xbb\xbf<html>"),
    ],
)
def test_an_error_page_with_status_200_is_not_data(server: Server, tmp_path: Path, content_type: str, body: bytes) -> None:
    server.plans["/combine.csv"] = [lambda handler: handler.reply(200, body, Content_Type=content_type)]
    assert "web page instead of data" in refused(server.url("/combine.csv"), tmp_path)
    assert len(server.requests) == 1
    assert list(tmp_path.iterdir()) == []


def test_server_errors_are_retried_with_growing_pauses(server: Server, tmp_path: Path) -> None:
    server.plans["/combine.csv"] = [lambda handler: handler.reply(500), lambda handler: handler.reply(503, Retry_After="2"), good]
    pauses: list[float] = []
    assert get(server.url("/combine.csv"), tmp_path, pauses=pauses).path.read_bytes() == DATA
    assert 0.005 <= pauses[0] <= 0.01
    assert pauses[1] == 2.0


def test_a_server_that_stays_broken_is_given_up(server: Server, tmp_path: Path) -> None:
    server.plans["/combine.csv"] = [lambda handler: handler.reply(502)]
    assert "responded with 502 Bad Gateway (3 attempts)" in refused(server.url("/combine.csv"), tmp_path)
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [404, 403, 410])
def test_what_is_not_there_is_not_asked_for_twice(server: Server, tmp_path: Path, status: int) -> None:
    server.plans["/combine.csv"] = [lambda handler: handler.reply(status)]
    assert str(status) in refused(server.url("/combine.csv"), tmp_path)
    assert len(server.requests) == 1


def test_a_silent_server_is_left_after_the_time_limit(server: Server, tmp_path: Path) -> None:
    left = threading.Event()

    def silent(_handler: Handler) -> None:
        left.wait()

    server.plans["/combine.csv"] = [silent]
    limits = FetchLimits(silence_seconds=0.2, attempts=2, first_pause_seconds=0)
    assert "said nothing for 0.2 seconds (2 attempts)" in refused(server.url("/combine.csv"), tmp_path, limits)
    left.set()


def test_a_server_that_drips_is_left_after_the_whole_time(server: Server, tmp_path: Path) -> None:
    def drip(handler: Handler) -> None:
        handler.reply(200, b"", content_length="1000")
        for _ in range(1000):  # longer than a client on a busy machine needs to see that it is enough
            handler.wfile.write(b"x")
            time.sleep(0.05)

    server.plans["/combine.csv"] = [drip]
    limits = FetchLimits(silence_seconds=PATIENCE, total_seconds=0.4)
    assert "within 0.4 seconds" in refused(server.url("/combine.csv"), tmp_path, limits)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("announced", [True, False])
def test_more_than_is_allowed_is_refused_before_it_fills_the_disk(server: Server, tmp_path: Path, announced: bool) -> None:
    def endless(handler: Handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(1_000):
            handler.wfile.write(b"x" * 10_000)
        handler.close_connection = True

    server.plans["/combine.csv"] = [good if announced else endless]
    limits = FetchLimits(max_bytes=100_000, attempts=1)
    assert "larger than the 0.1 MB" in refused(server.url("/combine.csv"), tmp_path, limits)
    assert list(tmp_path.iterdir()) == []


def test_nobody_listening_is_said_in_one_sentence(tmp_path: Path, server: Server) -> None:
    url = server.url("/combine.csv")
    server.server_close()
    assert "cannot be reached" in refused(url, tmp_path)


def test_only_web_addresses_are_fetched_or_followed(server: Server, tmp_path: Path) -> None:
    assert "not a web address" in refused("file:///etc/passwd", tmp_path)
    server.plans["/combine.csv"] = [lambda handler: handler.reply(302, Location="ftp://127.0.0.1/combine.csv")]
    assert "not safe to follow" in refused(server.url("/combine.csv"), tmp_path)


def test_a_circle_of_redirects_ends(server: Server, tmp_path: Path) -> None:
    server.plans["/combine.csv"] = [lambda handler: handler.reply(302, Location="/combine.csv")]
    assert "redirects more than 5 times" in refused(server.url("/combine.csv"), tmp_path)


def test_an_empty_answer_is_not_data(server: Server, tmp_path: Path) -> None:
    server.plans["/combine.csv"] = [lambda handler: handler.reply(200)]
    assert "empty file" in refused(server.url("/combine.csv"), tmp_path)


def test_a_full_disk_is_a_sentence_and_leaves_nothing(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    server.plans["/combine.csv"] = [good]
    monkeypatch.setattr(os, "fsync", full)
    assert "disk" in refused(server.url("/combine.csv"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_a_sentence(server: Server, tmp_path: Path) -> None:
    (tmp_path / "occupied").write_text("a file")
    server.plans["/combine.csv"] = [good]
    assert "cannot be written" in refused(server.url("/combine.csv"), tmp_path / "occupied")


def test_two_sources_of_the_same_file_name_do_not_share_a_copy(server: Server, tmp_path: Path) -> None:
    server.plans["/a/data.csv"] = [lambda handler: handler.reply(200, b"a")]
    server.plans["/b/data.csv"] = [lambda handler: handler.reply(200, b"b")]
    assert get(server.url("/a/data.csv"), tmp_path).path.read_bytes() == b"a"
    assert get(server.url("/b/data.csv"), tmp_path).path.read_bytes() == b"b"
    assert get(server.url("/a/data.csv"), tmp_path).path.read_bytes() == b"a"


def test_progress_is_told_in_bytes(server: Server, tmp_path: Path) -> None:
    server.plans["/combine.csv"] = [good]
    seen: list[tuple[int, int | None]] = []
    asyncio.run(fetch(server.url("/combine.csv"), tmp_path, limits=FAST, progress=lambda done, total: seen.append((done, total))))
    assert seen[-1] == (len(DATA), len(DATA))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_parts_of_a_killed_process_are_thrown_away_when_they_are_old(server: Server, tmp_path: Path) -> None:
    old, young = tmp_path / "x.part", tmp_path / "y.part"
    old.write_bytes(b"")
    young.write_bytes(b"")
    os.utime(old, (time.time() - 7_200,) * 2)
    server.plans["/combine.csv"] = [good]
    fetched = get(server.url("/combine.csv"), tmp_path)
    assert not old.exists()
    assert young.exists()
    assert json.loads(fetched.path.with_name(fetched.path.name + ".json").read_text())["etag"] == ETAG
