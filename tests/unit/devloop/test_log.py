"""The loop's log, for people and for programs."""

from __future__ import annotations

import io
import json
import sys

import pytest

from devloop.log import say, say_where


def test_an_entry_is_a_line_that_names_the_loop(capsys: pytest.CaptureFixture[str]) -> None:
    say("watching app")
    assert capsys.readouterr().err == "devloop: watching app\n"


@pytest.mark.parametrize("log_format", ["", "json"])
def test_an_entry_is_written_in_one_piece(monkeypatch: pytest.MonkeyPatch, log_format: str) -> None:
    """The processes of the loop share a log; a line break written by itself lands in another one's line."""

    class Raw(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            pieces.append(bytes(data))
            return len(data)

    pieces: list[bytes] = []
    monkeypatch.setenv("DEVLOOP_LOG_FORMAT", log_format)
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(Raw(), write_through=True))  # type: ignore[type-var]
    say("watching app")
    (piece,) = filter(None, pieces)
    assert piece.endswith(b"\n")


def test_with_json_an_entry_is_one_object_and_a_traceback_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DEVLOOP_LOG_FORMAT", "json")
    text = "Traceback (most recent call last):\n  File\nSyntaxError: é"
    say("watching app")
    say(text)
    watching, error = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (watching["level"], watching["logger"], watching["event"]) == ("info", "devloop", "watching app")
    assert (error["level"], error["event"]) == ("error", text)


def test_a_stack_is_not_written_among_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[str] = []
    assert say_where("not started after 10 s", lambda: asked.append("text"))
    monkeypatch.setenv("DEVLOOP_LOG_FORMAT", "json")
    assert not say_where("not started after 20 s", lambda: asked.append("json"))
    text, entry = capsys.readouterr().err.splitlines()
    assert text == "devloop: not started after 10 s; it is here:"
    assert json.loads(entry)["event"] == "not started after 20 s"
    assert asked == ["text"]
