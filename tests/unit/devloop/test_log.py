"""The loop's log, for people and for programs."""

from __future__ import annotations

import json

import pytest

from devloop.log import say, say_where


def test_an_entry_is_a_line_that_names_the_loop(capsys: pytest.CaptureFixture[str]) -> None:
    say("watching app")
    assert capsys.readouterr().err == "devloop: watching app\n"


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
