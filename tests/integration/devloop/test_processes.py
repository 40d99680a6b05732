"""Requests beside reloads, processes that are killed, and the end."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from tests.conftest import CHECKOUT
from tests.support.loop import Answer, Loop, ask, command, parent
from tests.support.sample_application import FILES
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("devloop processes")]

RELOADS = int(os.environ.get("DEVLOOP_RELOADS", "15"))


def test_reloads_refuse_nobody_and_never_answer_with_old_code_after_new(loop: Loop) -> None:
    """Fifty new connections a second, and two that stay open as long as the server lets them."""
    done, troubles = threading.Event(), list[str]()
    answered = [0, 0]

    def number(answer: Answer) -> int:
        assert answer.status == 200, answer
        return int(str(answer.json()["slow"]).removeprefix("slow") or 0)

    def new_connections() -> None:
        newest = 0
        while not done.wait(0.02):
            at_least = newest
            try:
                found = number(loop.get())
            except (OSError, AssertionError) as error:
                troubles.append(f"a new connection: {error!r}")
                continue
            newest = max(newest, found)
            answered[0] += 1
            if found < at_least:
                troubles.append(f"{found} after {at_least}")

    def kept_connections() -> None:
        while not done.is_set():
            with loop.connection() as connection:
                while not done.wait(0.02):
                    try:
                        answer = ask(connection, "/marks")
                        number(answer)
                    except (OSError, AssertionError) as error:
                        troubles.append(f"a kept connection: {error!r}")
                        break
                    answered[1] += 1
                    if answer.headers.get("connection") == "close":
                        break

    with ThreadPoolExecutor(3) as pool:
        threads = [pool.submit(new_connections), pool.submit(kept_connections), pool.submit(kept_connections)]
        try:
            for count in range(1, RELOADS + 1):
                loop.set_mark("slow", f"slow{count}")
                loop.wait_for("slow", f"slow{count}")
        finally:
            done.set()
        for thread in threads:
            thread.result()
    assert troubles == []
    assert min(answered) > RELOADS


def test_edits_that_come_faster_than_reloads_end_with_the_last(loop: Loop) -> None:
    for number in range(20):
        loop.set_mark(("marks", "slow", "base")[number % 3], f"number {number}")
        time.sleep(0.03)
    loop.wait_for("base", "number 17")
    loop.wait_for("slow", "number 19")
    loop.wait_for("marks", "number 18")
    loop.settle()
    until(lambda: loop.get().generation == max(loop.generations), lambda: loop.log)


def test_a_slow_request_is_answered_by_the_code_that_got_it(loop: Loop) -> None:
    before = loop.get().json()
    with loop.held() as finish:
        loop.set_mark("slow", "new")
        assert loop.wait_for("slow", "new").json()["pid"] != before["pid"]
        answer = finish()
    assert (answer.status, answer.json()) == (200, {"slow": "slow", "base": "base", "pid": before["pid"]})


def test_an_endless_stream_is_cut_and_holds_nobody_up(loop: Loop) -> None:
    with loop.connection() as connection:
        connection.request("GET", "/stream")
        stream = connection.getresponse()
        assert stream.readline() == b"slow\n"
        loop.set_mark("slow", "new")
        loop.wait_for("slow", "new")
        with suppress(OSError, http.client.HTTPException):
            while stream.readline():
                pass
    loop.settle()
    assert "did not finish" not in loop.log


@pytest.fixture
def hasty(make: Callable[..., Loop]) -> Loop:
    """A loop that gives old processes little time."""
    return make().started("--grace", "1")


def test_a_blocked_process_does_not_hold_new_code_up_and_is_killed(hasty: Loop) -> None:
    old = hasty.get().json()["pid"]
    with hasty.connection() as connection:
        hasty.begin(connection, "/blocking?seconds=600")
        hasty.set_mark("slow", "new")
        until(lambda: hasty.get().json()["slow"] == "new", lambda: hasty.log)
        hasty.wait_for_log(f"the old process {old} did not finish within 1 s and was killed")
        until(lambda: old not in hasty.processes(), lambda: hasty.log)
    hasty.settle()


def _process_that_answers(loop: Loop) -> int | None:
    """None when the one that was asked is killed while it answers."""
    try:
        return int(loop.get().json()["pid"])
    except (OSError, http.client.HTTPException):
        return None


@pytest.mark.parametrize("who", ["worker", "warm", "zygote"])
def test_a_process_that_is_killed_is_replaced(loop: Loop, who: str) -> None:
    loop.set_mark("slow", "edited")
    loop.wait_for("slow", "edited")
    loop.settle()
    worker = loop.get().json()["pid"]
    until(lambda: len(loop.forked()) == 2, lambda: f"the warm process is missing: {loop.log}")
    (warm,) = (pid for pid in loop.forked() if pid != worker)
    logged, killed = len(loop.log), {"worker": worker, "warm": warm, "zygote": loop.zygote()}[who]
    os.kill(killed, signal.SIGKILL)
    if who == "warm":
        assert loop.get().json()["pid"] == worker
    else:
        until(lambda: _process_that_answers(loop) not in (worker, None), lambda: loop.log)
        loop.wait_for_log(f"process {worker} ended unexpectedly (it was killed by SIGKILL); starting it again in ", since=logged)
        loop.wait_for_log("ms: started again", since=logged)
    assert loop.get().json()["slow"] == "edited"
    loop.set_mark("slow", "again")
    loop.wait_for("slow", "again")
    loop.settle()
    assert killed not in loop.processes()


def test_an_error_page_that_is_killed_is_replaced(make: Callable[..., Loop]) -> None:
    loop = make()
    loop.write("app/base.py", "MARK =\n")
    loop.start()
    loop.wait_for_page("SyntaxError")
    until(lambda: len(loop.forked()) == 1, lambda: loop.log)
    [page] = loop.forked()
    os.kill(page, signal.SIGKILL)
    loop.wait_for_page("SyntaxError")
    loop.set_mark("base", "mended")
    assert loop.wait_for("base", "mended").stale is None
    loop.settle()


def test_a_process_that_keeps_ending_is_started_with_growing_pauses(make: Callable[..., Loop]) -> None:
    loop = make().started()
    for pause in ("0.2", "1"):
        worker = loop.get().json()["pid"]
        os.kill(worker, signal.SIGKILL)
        loop.wait_for_log(f"process {worker} ended unexpectedly (it was killed by SIGKILL); starting it again in {pause} s")
        until(lambda worker=worker: loop.get().json()["pid"] != worker, lambda: loop.log)  # type: ignore[misc]


def test_a_supervisor_that_is_killed_leaves_nobody_behind(make: Callable[..., Loop]) -> None:
    """A process that retires is there as well, and its zygote is not the last one."""
    loop = make().started("--grace", "600")
    with loop.connection() as connection:
        loop.begin(connection, "/blocking?seconds=600")
        loop.set_mark("slow", "new")
        until(lambda: len(loop.processes()) > 4, lambda: loop.log)
        loop.send(signal.SIGKILL)
        assert loop.wait() == -signal.SIGKILL
        loop.assert_nobody_is_left()


def test_a_request_that_is_cut_is_one_line(make: Callable[..., Loop]) -> None:
    loop = make().started("--grace", "2")
    with loop.held() as finish:
        loop.set_mark("slow", "new")
        loop.wait_for_log("A request was cut: the old process had to end (--grace)")
        assert finish().status == 500
    assert "Traceback" not in loop.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_everything_in_order(make: Callable[..., Loop], number: signal.Signals) -> None:
    loop = make().started()
    with loop.held() as finish:
        loop.begin_end(number)
        assert finish().status == 200, "what was being answered is answered"
    assert loop.wait() == 0
    loop.assert_nobody_is_left()
    assert "the application has finished" in loop.log
    assert "Traceback" not in loop.log
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", loop.port)) != 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_the_whole_group_reaches_everybody_and_is_quiet(make: Callable[..., Loop], number: signal.Signals) -> None:
    """As Ctrl+C in a terminal, and `timeout` or a service manager."""
    loop = make().started()
    assert loop.process is not None
    os.killpg(loop.process.pid, number)
    assert loop.wait() == 0
    loop.assert_nobody_is_left()
    assert "Traceback" not in loop.log
    assert "the application has finished" in loop.log


def test_a_program_that_code_has_left_behind_does_not_keep_the_port(make: Callable[..., Loop]) -> None:
    """As daemons do, it has left its parent: it is not ended with it."""
    loop = make()
    loop.write(
        "app/base.py", f"import subprocess\nsubprocess.Popen(['setsid', '-f', 'sleep', '60'], close_fds=False)\n{FILES['app/base.py']}"
    )
    loop.start()
    loop.wait_for_log(" started\n")
    loop.send(signal.SIGTERM)
    assert loop.wait() == 0
    left = [pid for pid in loop.processes() if command(pid).startswith("sleep")]
    assert left, "this test needs one that is left"
    try:
        socket.create_server(("127.0.0.1", loop.port)).close()
    finally:
        for pid in left:
            os.kill(pid, signal.SIGKILL)


def test_a_start_with_child_signals_ignored(make: Callable[..., Loop]) -> None:
    """As some service managers start programs: nobody gets exit codes then."""
    loop = make()
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        loop.start()
    finally:
        signal.signal(signal.SIGCHLD, before)
    loop.wait_for_log(" started\n")
    loop.settle()
    os.kill(loop.zygote(), signal.SIGKILL)
    loop.wait_for_log("ms: started again")
    loop.send(signal.SIGTERM)
    until(lambda: not loop.processes(), lambda: loop.log)
    assert "Traceback" not in loop.log


def test_a_second_signal_ends_everything_at_once(make: Callable[..., Loop]) -> None:
    loop = make().started("--grace", "600")
    with loop.connection() as connection:
        loop.begin(connection, "/blocking?seconds=600")
        loop.begin_end(signal.SIGTERM)
        assert loop.process is not None
        assert loop.process.poll() is None, "the first one lets the request finish"
        loop.send(signal.SIGTERM)
        assert loop.wait() == 0
    loop.assert_nobody_is_left()


def test_the_end_during_an_endless_import(make: Callable[..., Loop]) -> None:
    loop = make().started()
    loop.write("app/base.py", "import time\nprint('begun', flush=True)\ntime.sleep(600)\n")
    loop.wait_for_log("begun")
    loop.send(signal.SIGTERM)
    assert loop.wait() == 0
    loop.assert_nobody_is_left()


def test_a_socket_that_somebody_else_holds_and_a_pipe_that_is_told(make: Callable[..., Loop]) -> None:
    loop = make()
    reading, writing = os.pipe()
    with socket.create_server(("127.0.0.1", 0)) as held:
        loop.port = held.getsockname()[1]
        loop.process = subprocess.Popen(
            [sys.executable, "-m", "devloop", "asgi", "app.main:app", "--fd", str(held.fileno()), "--ready-fd", str(writing)],
            cwd=loop.root, env=loop.environment, stdout=loop.log_file.open("ab"), stderr=subprocess.STDOUT,
            pass_fds=(held.fileno(), writing), start_new_session=True,
        )  # fmt: skip
        os.close(writing)
        assert os.read(reading, 100) == b"ready\n"
        assert loop.get().status == 200
        os.close(reading)
        loop.end()
        assert loop.process.returncode == 0
    assert CHECKOUT.is_dir()


def test_processes_belong_to_each_other_as_they_should(loop: Loop) -> None:
    assert loop.process is not None
    assert parent(loop.zygote()) == loop.process.pid
    assert {parent(pid) for pid in loop.forked()} == {loop.zygote()}
