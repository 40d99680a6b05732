"""Log lines: every library's in one shape, with what was bound, without secrets."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from app import logging as ours
from app.settings import Settings


@pytest.fixture(autouse=True)
def _put_back() -> Iterator[None]:
    """The suite's own logging is as it was."""
    level, handlers = logging.root.level, logging.root.handlers[:]
    yield
    structlog.contextvars.clear_contextvars()
    logging.root.setLevel(level)
    logging.root.handlers[:] = handlers


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_json_lines_of_ours_and_of_libraries_have_one_shape(capsys: pytest.CaptureFixture[str]) -> None:
    ours.configure(Settings(_env_file=None, log_format="json"))
    structlog.contextvars.bind_contextvars(request_id="r-1")
    ours.get_logger("app.x").info("load_done", rows=3)
    logging.getLogger("uvicorn.error").info("Started %d", 7, extra={"color_message": "coloured"})
    mine, theirs = lines(capsys)
    assert (mine["event"], mine["rows"], mine["request_id"], mine["logger"], mine["level"]) == ("load_done", 3, "r-1", "app.x", "info")
    assert (theirs["event"], theirs["request_id"], theirs["logger"]) == ("Started 7", "r-1", "uvicorn.error")
    assert set(mine) - {"rows"} == set(theirs)
    assert str(mine["timestamp"]).endswith("Z")


def test_a_traceback_carries_no_values_of_variables(capsys: pytest.CaptureFixture[str]) -> None:
    ours.configure(Settings(_env_file=None, log_format="json"))
    password = "hunter2"
    try:
        int(f"x{len(password)}")
    except ValueError:
        ours.get_logger("app.x").exception("failed")
    (line,) = lines(capsys)
    assert "ValueError: invalid literal" in str(line["exception"])
    assert password not in json.dumps(line)


def test_the_error_that_ends_a_process_is_one_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # put back at the end
    ours.configure(Settings(_env_file=None, log_format="json"))
    error = ValueError("no season")
    sys.excepthook(ValueError, error, None)
    (line,) = lines(capsys)
    assert (line["level"], str(line["exception"])) == ("critical", "ValueError: no season")
    ours.configure(Settings(_env_file=None, log_format="console"))
    assert sys.excepthook is sys.__excepthook__


def test_the_level_is_the_setting(capsys: pytest.CaptureFixture[str]) -> None:
    ours.configure(Settings(_env_file=None, log_format="json", log_level="WARNING"))
    ours.get_logger("app.x").info("quiet")
    ours.get_logger("app.x").warning("loud")
    assert [line["event"] for line in lines(capsys)] == ["loud"]


def test_lines_for_people_have_no_braces(capsys: pytest.CaptureFixture[str]) -> None:
    ours.configure(Settings(_env_file=None, log_format="console"))
    ours.get_logger("app.x").info("load_done", rows=3)
    assert "load_done" in (said := capsys.readouterr().err)
    assert "rows=3" in said
    assert "{" not in said
