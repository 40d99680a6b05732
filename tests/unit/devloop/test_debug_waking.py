"""A thread that stands at a breakpoint is woken for what it is to do, by the debugpy that is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import cast

#: How many of these threads debugpy wakes when it is their turn, and whether one with a second command left sleeps on.
THREADS = 8
LOOK = f"""
import json, sys, threading
import debugpy.server.api, pydevd
from _pydevd_bundle.pydevd_additional_thread_info import set_additional_thread_info
from _pydevd_bundle.pydevd_constants import get_thread_id
from devloop.debug.waking import wake_for_everything

found = sys.argv[1] == "mended" and wake_for_everything()
debugger = pydevd.PyDB()
done = threading.Event()
threads = [threading.Thread(target=done.wait) for _ in range({THREADS})]
woken = 0
for thread in threads:
    thread.start()
    set_additional_thread_info(thread)
for thread in threads:
    number = get_thread_id(thread)
    commands, event = debugger.get_internal_queue_and_event(number)
    event.clear()
    set_additional_thread_info(thread).update_stepping_info()
    woken += event.wait(0)
for _ in range(2):
    debugger.post_method_as_internal_command(number, print)
assert event.wait(0)
event.clear()
commands.get_nowait()
left = event.wait(0)
commands.get_nowait()
event.clear()
print(json.dumps([found, woken, left, event.wait(0)]))
done.set()
"""


def look(how: str) -> tuple[bool, int, bool, bool]:
    environment = {**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    ran = subprocess.run([sys.executable, "-c", LOOK, how], capture_output=True, text=True, check=True, timeout=60, env=environment)
    return cast("tuple[bool, int, bool, bool]", tuple(json.loads(ran.stdout)))


def test_every_thread_is_woken_when_it_is_its_turn_and_for_each_of_its_commands() -> None:
    assert look("mended") == (True, THREADS, True, False)


def test_debugpy_alone_wakes_another_thread_and_forgets_a_command() -> None:
    """A release that does it right makes this fail: then the module can go."""
    found, woken, left, _ = look("alone")
    assert not found
    assert woken < THREADS
    assert not left
