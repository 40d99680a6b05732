"""Lines for machines: nothing is lost, and a traceback is one event."""

from __future__ import annotations

import io
import json
import threading
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.commands import serve
from cli.serve.json_lines import JsonLines
from tests.support.waiting import until


def _failed() -> list[str]:
    """The lines of a traceback with a cause."""
    code = "try:\n    int('no number')\nexcept ValueError as error:\n    raise KeyError('season') from error\n"
    try:
        exec(code)  # noqa: S102 - errors of which each has its own frames
    except KeyError as error:
        return "".join(traceback.format_exception(error)).splitlines()
    return []


def _events(said: list[tuple[str, str]]) -> list[dict[str, str]]:
    lines = JsonLines()
    written = [line for name, text in said for line in lines.of(name, text)] + list(lines.rest())
    return [json.loads(line) for line in written]


def test_a_traceback_is_one_event_however_two_processes_mix() -> None:
    api = [("api", line) for line in _failed()]
    mixed = [part for line in api for part in (line, ("pipeline", '{"event": "load_done", "level": "info"}'))]
    events = [event for event in _events(mixed) if event["event"] != "load_done"]
    assert [(event["level"], event["logger"]) for event in events] == [
        ("error", "serve.api"),
        ("info", "serve.api"),
        ("error", "serve.api"),
    ]
    assert events[0]["event"].splitlines()[0] == "Traceback (most recent call last):"
    assert events[0]["event"].splitlines()[-1] == "ValueError: invalid literal for int() with base 10: 'no number'"
    assert events[1]["event"] == "The above exception was the direct cause of the following exception:"
    assert events[2]["event"].splitlines()[-1] == "KeyError: 'season'"


def test_what_the_development_loop_reports_of_a_broken_edit_is_one_event() -> None:
    with pytest.raises(SyntaxError) as caught:
        compile("x = (\n", "app/broken.py", "exec")
    said = "".join(traceback.format_exception(caught.value)).splitlines()
    said[0] = f"devloop: {said[0]}"  # as it prints an error: its name, then the text
    [event] = _events([("api", line) for line in said])
    assert (event["level"], event["logger"]) == ("error", "serve.api")
    assert event["event"].splitlines() == said  # indentation and all
    assert any(line.startswith("    ") and "^" in line for line in said)


def test_a_stack_is_one_event_too() -> None:
    stack = ["Current thread 0x00007f1 (most recent call first):", '  File "app/base.py", line 3 in <module>', '  File "x.py", line 1 in y']
    lines = JsonLines()
    assert [written for line in stack for written in lines.of("api", line)] == []
    assert lines.holding
    [event] = [json.loads(line) for line in lines.rest()]
    assert event["event"].splitlines() == stack
    assert not lines.holding


def test_what_is_held_back_is_written_when_nothing_more_comes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(serve, "_HELD_SECONDS", 0.05)
    terminal = serve._JsonTerminal()
    for line in _failed()[:2]:
        terminal.say("api", line)
    assert capsys.readouterr().out == ""
    written = io.StringIO()
    until(lambda: written.write(capsys.readouterr().out) > 0, lambda: "nothing was written")
    assert json.loads(written.getvalue())["event"].splitlines() == _failed()[:2]


def test_a_part_that_runs_alone_does_not_repeat_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    serve._say_alone("api", '    return x("')
    assert capsys.readouterr().out == '    return x("\n'


def test_a_traceback_that_breaks_off_is_told_all_the_same() -> None:
    begun = _failed()[:3]
    assert [event["event"] for event in _events([("api", line) for line in begun])] == ["\n".join(begun)]
    [broken, following] = _events([*(("api", line) for line in begun), ("api", '{"event": "started"}')])
    assert (broken["level"], following["event"]) == ("error", "started")


def test_other_lines_are_events_and_empty_ones_are_none() -> None:
    assert [(e["level"], e["logger"], e["event"]) for e in _events([("", " Stopping ... "), ("api", ""), ("api", "  ")])] == [
        ("info", "serve.dq", "Stopping ...")
    ]


@given(
    st.lists(
        st.tuples(st.sampled_from(["api", "load"]), st.text(alphabet="aT :\t(")) | st.tuples(st.just("api"), st.sampled_from(_failed()))
    )
)
def test_no_line_is_lost_or_told_twice(said: list[tuple[str, str]]) -> None:
    told = sorted((event["logger"], line.strip()) for event in _events(said) for line in event["event"].splitlines() if line.strip())
    assert told == sorted((f"serve.{name}", line.strip()) for name, line in said if line.strip())


def test_one_timer_serves_a_whole_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    started: list[float] = []

    class Counted(threading.Timer):
        def start(self) -> None:
            started.append(self.interval)

    monkeypatch.setattr("cli.commands.serve.threading.Timer", Counted)
    terminal = serve._JsonTerminal()
    for line in ["Traceback (most recent call last):", *("  frame" for _ in range(100))]:
        terminal.say("api", line)
    assert len(started) == 1
    terminal.close()
    assert len(json.loads(capsys.readouterr().out)["event"].splitlines()) == 101
