"""An editor's debugger, attached to a server for as long as a block runs, with one breakpoint set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.devloop.servers import Running


class Debugger:
    def stop_and_continue(self) -> None:
        raise NotImplementedError

    def stops_and_steps(self, number: int) -> tuple[list[float], list[float]]:
        raise NotImplementedError


@contextmanager
def attached(running: Running) -> Iterator[Debugger]:
    raise NotImplementedError
    yield Debugger()
