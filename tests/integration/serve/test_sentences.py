"""What cannot work is said in one sentence with a way out."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.errors import DraftQueenError
from cli.commands.serve import command as serve_command
from cli.serve.port import holder_of, listen
from tests.conftest import CHECKOUT
from tests.support.served import Served
from tests.support.waiting import PATIENCE, free_port, until

pytestmark = pytest.mark.slow


def test_a_taken_port_is_one_sentence_with_a_way_out(serve: Callable[..., Served]) -> None:
    served = serve()
    with socket.create_server(("127.0.0.1", served.port)):
        served.start()
        assert served.wait() == 2
    assert f"Port {served.port} is taken" in served.output
    assert "make run PORT=" in served.output
    assert "Traceback" not in served.output
    served.assert_nobody_is_left()


@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        ("PORT=abc", "PORT=abc is not a port: give a number from 1 to 65535."),
        ("PORT=70000", "PORT=70000 is not a port: give a number from 1 to 65535."),
        ("FROM=/nowhere at all", "FROM=/nowhere at all is not a folder: name the one with draft_picks.csv and combine.csv (or .parquet)."),
    ],
)
def test_make_speaks_of_what_was_typed(argument: str, sentence: str) -> None:
    ran = subprocess.run(
        ["make", "run", argument], cwd=CHECKOUT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert ran.returncode == 2
    assert ran.stderr.splitlines()[0] == f"draft-queen: {sentence}"


def test_a_folder_without_release_files_is_refused_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").touch()
    refused = CliRunner().invoke(serve_command, ["--from", str(tmp_path)])
    assert refused.exit_code == 2
    assert f"{tmp_path} holds no release file such as draft_picks.csv" in refused.stderr


@pytest.mark.parametrize("host", ["nowhere.invalid", "203.0.113.1", "::ffff:203.0.113.1"])
def test_a_host_that_is_not_this_machine_is_one_sentence(host: str) -> None:
    with pytest.raises(DraftQueenError, match=f"HOST={host} is not an address of this machine."):
        listen(host, 8000)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_holder_of_a_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert f"(process {os.getpid()})" in str(holder_of(listener.getsockname()[1]))
    assert holder_of(1) is None


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_file_that_is_closed_meanwhile_does_not_hide_the_holder() -> None:
    """The list of our own open files is one itself: it has the lowest free number, and is closed when it has been read."""
    with Path(os.devnull).open() as lower, socket.create_server(("127.0.0.1", 0)) as listener:
        assert lower.fileno() < listener.fileno()
        lower.close()
        assert f"(process {os.getpid()})" in str(holder_of(listener.getsockname()[1]))


def test_a_debug_port_that_somebody_else_has_is_not_announced(serve: Callable[..., Served]) -> None:
    ours = free_port()
    with socket.create_server(("127.0.0.1", 0)) as others:
        taken = others.getsockname()[1]
        served = serve(RELOAD="1", API_DEBUG_PORT=str(taken), PIPELINE_DEBUG_PORT=str(ours)).start()
        served.wait_for_output(f"attach to port {ours} (pipeline): docs/debugging.md")
        served.wait_for_output(f"choose another: make run API_DEBUG_PORT={taken + 100}")
        # code that has not started after ten seconds, as on a busy machine, is a page until it has
        until(lambda: served.get("/health")[0] == 200, lambda: served.output)


def test_a_database_out_of_reach_is_one_sentence(serve: Callable[..., Served]) -> None:
    served = serve(DATABASE_URL="postgresql://dq:x@127.0.0.1:1/draft_queen").start()
    assert served.wait() == 1
    assert "The database does not respond" in served.output
    assert "Traceback" not in served.output


def test_wrong_settings_are_told_together(serve: Callable[..., Served]) -> None:
    served = serve(LOG_LEVEL="loud", SAMPLE_ROWS="few").start()
    assert served.wait() == 2
    assert "LOG_LEVEL" in served.output
    assert "SAMPLE_ROWS" in served.output
    assert "Traceback" not in served.output


def test_a_folder_that_is_a_file_is_one_sentence(serve: Callable[..., Served], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    served = serve(DATA_DIR=str(tmp_path / "file")).start()
    assert served.wait() == 1
    assert "Traceback" not in served.output
