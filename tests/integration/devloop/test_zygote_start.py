"""A zygote that is started while the loop runs."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from devloop.channel import Channel
from devloop.messages import Ready
from devloop.options import Options
from devloop.zygote import start_zygote, tell
from tests.support.waiting import PATIENCE, until

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_all_does_not_end_an_interpreter_that_starts(number: signal.Signals, tmp_path: Path) -> None:
    """As Ctrl-C right after an edit: the supervisor ends the zygote in order, after its workers."""
    process, ours = start_zygote()
    with ours:
        process.signal(number)
        ours.settimeout(PATIENCE)
        tell(ours, Options("worker", "work:run", tmp_path, (tmp_path,)), [], None)
        assert isinstance(Channel(ours).receive(), Ready)
    until(lambda: process.poll() is not None, lambda: "the zygote does not end when its line is closed")
