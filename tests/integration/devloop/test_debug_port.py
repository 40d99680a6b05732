"""The debug port as an editor sees it: attach once, stop anywhere, stay attached over every new worker."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path

import pytest

from tests.support.dap import Editor, RequestFailed
from tests.support.debugged.process import Supervised
from tests.support.debugged.scenario import DOUBLED, LABEL, OURS, RETURN, SOURCE, attach, detach, stop_and_go_on
from tests.support.waiting import PATIENCE

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("debug")]


# --- one session -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start_debugging", [True, False], ids=["startDebugging", "debugpyAttach"])
def test_attach_stop_look_step_and_go_on(supervised: Supervised, target: Path, start_debugging: bool) -> None:
    worker = supervised.new_worker()
    editor = Editor(start_debugging=start_debugging)
    editor.attach(supervised.port, {target: [DOUBLED]})
    editor.wait_session(worker)
    assert supervised.wait("joined", pid=worker).flag("ok")

    answer = supervised.call("scout", 21)
    stop = editor.wait_stopped()
    assert (stop.path, stop.line, stop.function, stop.variables["value"]) == (target, DOUBLED, "scout", "21")
    assert editor.evaluate("value + 1") == "22"
    stop = editor.step()
    assert (stop.line, stop.variables["doubled"]) == (LABEL, "42")
    editor.set_breakpoints({target: [RETURN]})
    editor.continue_()
    stop = editor.wait_stopped()
    assert (stop.line, stop.variables["label"]) == (RETURN, "'42 yards'")
    editor.continue_()
    assert supervised.result(answer) == "42 yards"
    detach(supervised, editor)


def test_nothing_runs_while_nobody_is_attached(supervised: Supervised) -> None:
    supervised.new_worker()
    (supervisor,) = supervised.processes("debugged.supervisor")
    before = supervisor.num_ctx_switches().voluntary
    time.sleep(1)
    assert supervisor.num_ctx_switches().voluntary - before <= 1
    assert supervised.processes(OURS) == []
    assert not any("debugpy" in mapped.path for mapped in supervisor.memory_maps())


def test_ten_new_workers_join_the_session_that_the_editor_has(supervised: Supervised, target: Path) -> None:
    editor = attach(supervised, target, supervised.new_worker(), DOUBLED)
    for value in range(10):
        worker = supervised.new_worker(joins=True)
        editor.wait_session(worker)  # the worker was ready only when its breakpoints were set; the editor reads the answer to that
        stop_and_go_on(supervised, editor, target, value)
    assert len(supervised.all("attached")) == 1
    detach(supervised, editor)


def test_attached_before_the_first_worker_exists(supervised: Supervised, target: Path) -> None:
    target.write_text(SOURCE + "\nscout(3)\nMARK = scout(4)\n")
    editor = Editor()
    editor.attach(supervised.port, {target: [DOUBLED]})
    supervised.wait("attached")
    supervised.new_worker(joins=True)
    stop_and_go_on(supervised, editor, target, 7)
    detach(supervised, editor)


def test_a_worker_stopped_at_a_breakpoint_goes_on_when_the_editor_detaches(supervised: Supervised, target: Path) -> None:
    editor = attach(supervised, target, supervised.new_worker(), DOUBLED)
    answer = supervised.call("scout", 5)
    editor.wait_stopped()
    detach(supervised, editor)
    assert supervised.result(answer) == "10 yards"


def test_a_process_that_the_worker_starts_is_debugged(supervised: Supervised, target: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("def main():\n    drafted = 254\n    print(drafted)\n\n\nmain()\n")
    editor = attach(supervised, target, supervised.new_worker(), DOUBLED)
    editor.set_breakpoints({script: [3]})
    before = len(supervised.all("result")) + 1
    supervised.tell({"python": str(script)})
    stop = editor.wait_stopped()
    assert (stop.path, stop.line, stop.variables["drafted"]) == (script, 3, "254")
    editor.continue_()
    assert supervised.result(before) == "254"
    stop_and_go_on(supervised, editor, target, 1)
    detach(supervised, editor)


def test_an_editor_that_names_no_address_is_led_back_to_this_port(supervised: Supervised, target: Path) -> None:
    worker = supervised.new_worker()
    editor = Editor()
    editor.attach(supervised.port, {target: [DOUBLED]}, {"connect": None})
    editor.wait_session(worker)
    assert supervised.wait("joined", pid=worker).flag("ok")
    stop_and_go_on(supervised, editor, target, 2)
    detach(supervised, editor)


# --- one after the other ---------------------------------------------------------------------------------------------------------


def test_five_times_attached_and_detached(supervised: Supervised, target: Path) -> None:
    for value in range(5):
        editor = attach(supervised, target, supervised.new_worker(), DOUBLED)
        stop_and_go_on(supervised, editor, target, value)
        detach(supervised, editor)
    assert len(supervised.all("attached")) == len(supervised.all("detached")) == 5
    assert supervised.all("log") == []


def test_attached_again_at_once(supervised: Supervised, target: Path) -> None:
    for number in range(1, 4):
        editor = Editor()
        editor.attach(supervised.port, {target: [DOUBLED]})  # while the processes of the session before are ending
        supervised.wait("attached", number)
        editor.vanish()
        supervised.wait("detached", number)
    editor = attach(supervised, target, supervised.new_worker(), DOUBLED)
    stop_and_go_on(supervised, editor, target, 1)
    detach(supervised, editor)


def test_a_process_can_join_once_and_says_so(supervised: Supervised, target: Path) -> None:
    worker = supervised.new_worker()
    detach(supervised, attach(supervised, target, worker, DOUBLED))
    editor = Editor()
    editor.attach(supervised.port, {target: [DOUBLED]})
    supervised.wait("attached", 2)
    assert not supervised.wait("joined", 2, pid=worker).flag("ok")
    assert supervised.result(supervised.call("scout", 1)) == "2 yards"
    detach(supervised, editor)


def test_a_second_editor_is_refused_in_words_and_the_first_goes_on(supervised: Supervised, target: Path) -> None:
    editor = attach(supervised, target, supervised.new_worker(), DOUBLED)
    answer = supervised.call("scout", 4)
    editor.wait_stopped()
    second = Editor()
    with pytest.raises(RequestFailed, match="A debugger is already attached to the API: detach it first"):
        second.attach(supervised.port, {target: [LABEL]})
    second.root.leave()
    assert editor.step().line == LABEL
    editor.continue_()
    assert supervised.result(answer) == "8 yards"
    stop_and_go_on(supervised, editor, target, 5)
    detach(supervised, editor)


def test_launch_has_no_place_here(supervised: Supervised, target: Path) -> None:
    editor = Editor()
    with pytest.raises(RequestFailed, match="This port debugs the API, which runs already"):
        editor.attach(supervised.port, {}, {"request": "launch", "program": str(target)})
    editor.vanish()
    supervised.wait_nothing_left(OURS)
    assert supervised.all("attached") == supervised.all("detached") == []


# --- what goes wrong -------------------------------------------------------------------------------------------------------------


def test_an_editor_that_was_killed(supervised: Supervised, target: Path) -> None:
    editor = attach(supervised, target, supervised.new_worker(), DOUBLED)
    answer = supervised.call("scout", 6)
    editor.wait_stopped()
    editor.vanish()
    supervised.wait("detached")
    assert supervised.result(answer) == "12 yards"
    supervised.wait_nothing_left(OURS)
    detach(supervised, attach(supervised, target, supervised.new_worker(), DOUBLED))


def test_a_killed_adapter(supervised: Supervised, target: Path) -> None:
    editor = attach(supervised, target, supervised.new_worker(), DOUBLED)
    answer = supervised.call("scout", 6)
    editor.wait_stopped()
    supervised.kill("devloop.debug.adapter")
    supervised.wait("detached")
    assert supervised.result(answer) == "12 yards"
    supervised.wait_nothing_left(OURS)
    assert "adapter has ended by itself (exit code -9)" in supervised.wait("log").text("text")
    editor.wait_until(editor.root.ended.is_set, "the end of the session")

    editor = attach(supervised, target, supervised.new_worker(), DOUBLED)
    stop_and_go_on(supervised, editor, target, 9)
    detach(supervised, editor)


def test_a_debugger_that_does_not_start_says_why(target: Path) -> None:
    with Supervised(target, "--adapter", "missing_adapter") as supervised:
        for number in (1, 2):
            with pytest.raises(RequestFailed, match=r"The debugger of the API did not start: .*No module named missing_adapter"):
                Editor().attach(supervised.port, {})
            supervised.wait("log", number)
            supervised.wait_nothing_left(OURS)
        assert supervised.all("attached") == supervised.all("detached") == []


def test_a_killed_supervisor_leaves_nothing(supervised: Supervised, target: Path) -> None:
    editor = attach(supervised, target, supervised.new_worker(), DOUBLED)
    supervised.call("scout", 6)
    editor.wait_stopped()
    assert len(supervised.processes(OURS)) == 1
    os.kill(supervised.process.pid, signal.SIGKILL)
    supervised.process.wait()
    supervised.wait_nothing_left()


def test_ended_while_an_editor_is_attached(supervised: Supervised, target: Path) -> None:
    attach(supervised, target, supervised.new_worker(), DOUBLED)
    assert supervised.process.stdin
    supervised.process.stdin.close()
    assert supervised.process.wait(PATIENCE) == 0
    ended = supervised.wait("ended")
    assert (ended.content["address"], ended.text("error")) == (None, "None")
    supervised.wait("detached")
    supervised.wait_nothing_left()


def test_an_editor_that_does_not_answer_holds_no_worker(target: Path) -> None:
    with Supervised(target, DQ_TEST_JOIN_SECONDS="0.5") as supervised:
        editor = Editor()
        editor.attach(supervised.port, {target: [DOUBLED]}, {"connect": {"host": "127.0.0.1", "port": 1}})  # finds no child session
        supervised.wait("attached")
        worker = supervised.new_worker()
        assert not supervised.wait("joined", pid=worker).flag("ok")
        assert supervised.result(supervised.call("scout", 1)) == "2 yards"
        editor.detach()
        supervised.wait("detached")


def test_a_taken_port_is_had_as_soon_as_it_is_free(target: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Supervised(target, "--port", str(port), "--retry", "0.1") as supervised:
            sentence = supervised.wait("log").text("text")
            assert f"The debug port {port} is not available: another program has it" in sentence
            worker = supervised.new_worker()
            assert supervised.result(supervised.call("scout", 1)) == "2 yards"
            time.sleep(0.5)
            assert len(supervised.all("log")) == 1
            taken.close()
            assert f"The debug port {port} is free now" in supervised.wait("log", 2).text("text")
            editor = attach(supervised, target, worker, DOUBLED)
            stop_and_go_on(supervised, editor, target, 3)
            detach(supervised, editor)


# --- how fast --------------------------------------------------------------------------------------------------------------------


def stepping_seconds(target: Path, *options: str) -> list[float]:
    """The times of ten steps with everything an editor asks for after each, the shortest first."""
    with Supervised(target, *options) as supervised:
        editor = attach(supervised, target, supervised.new_worker(), DOUBLED)
        times = []
        for value in range(10):
            supervised.call("scout", value)
            editor.wait_stopped()
            began = time.perf_counter()
            editor.step()
            times.append(time.perf_counter() - began)
            editor.continue_()
        detach(supervised, editor)
    return sorted(times)


def test_messages_do_not_wait_for_acknowledgements(target: Path) -> None:
    shipped = stepping_seconds(target, "--adapter", "tests.support.debugged.adapter_as_shipped")
    assert min(stepping_seconds(target)) < min(shipped) / 3  # the machine may be busy
