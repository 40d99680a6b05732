"""Packages that take long to import: a line of progress first, a stack only when something hangs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from devloop import supervisor
from devloop.listener import Listener
from devloop.messages import Ready
from devloop.nursery import Zygote
from devloop.options import Options, parse
from devloop.preload import Preload
from devloop.supervisor import Supervisor


class SlowZygote(Zygote):
    """Imports for so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.stacks = 0

    async def ready(self, _modules: list[str], _listener: Listener | None) -> Ready:
        await asyncio.sleep(self.seconds)
        return Ready(unsafe={})

    def show_stack(self) -> None:
        self.stacks += 1


def options(root: Path) -> Options:
    (root / "app").mkdir()
    return parse(["asgi", "app.main:app", "--root", str(root), "--watch", str(root / "app")])


@pytest.mark.parametrize(
    ("seconds", "slow", "hung", "lines"),
    [
        (0.0, 30.0, 60.0, []),
        (0.2, 0.1, 60.0, ["still importing the packages"]),
        (0.6, 0.1, 0.4, ["still importing the packages", "the packages are still not imported"]),
    ],
)
def test_progress_first_and_a_stack_much_later(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    seconds: float,
    slow: float,
    hung: float,
    lines: list[str],
) -> None:
    assert supervisor._HUNG_PRELOAD_SECONDS >= 10 * supervisor._SLOW_PRELOAD_SECONDS
    monkeypatch.setattr(supervisor, "_SLOW_PRELOAD_SECONDS", slow)
    monkeypatch.setattr(supervisor, "_HUNG_PRELOAD_SECONDS", hung)
    chosen = options(tmp_path)
    zygote = SlowZygote(seconds)

    async def run() -> None:
        one = Supervisor(chosen, Preload(chosen), None)
        await one._prepared(zygote)
        await asyncio.sleep(0.2)  # nothing is said any more once it is ready

    asyncio.run(run())
    said = capsys.readouterr().err.splitlines()
    assert len(said) == len(lines)
    assert all(line.startswith(f"devloop: {beginning}") for line, beginning in zip(said, lines, strict=True))
    assert zygote.stacks == (len(lines) == 2)
