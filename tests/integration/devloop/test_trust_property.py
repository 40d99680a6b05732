"""Random edits of random projects are always answered as by a process that has just been started.

``DEVLOOP_SEQUENCES`` is the number of sequences, ``DEVLOOP_SEED`` the first seed. No watching takes part: each reload is asked for with the
files that would be told of, so that a sequence takes about a second.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from devloop import warm
from devloop.listener import Listener
from devloop.nursery import Zygote
from devloop.options import Options
from devloop.preload import Preload
from devloop.reason import Reason
from devloop.reload import Reloader
from devloop.zygote import start_zygote
from tests.conftest import CHECKOUT
from tests.support.changing_project import ChangingProject
from tests.support.waiting import PATIENCE

pytestmark = [pytest.mark.slow]

SEQUENCES = int(os.environ.get("DEVLOOP_SEQUENCES", "30"))
SEED = int(os.environ.get("DEVLOOP_SEED", "0"))
#: Sequences are made of so many edits, and so many of them are made in one project.
EDITS, IN_ONE_PROJECT = 4, 10


class Loop:
    """A reloader without a watcher, for one project."""

    def __init__(self, project: ChangingProject, listener: socket.socket) -> None:
        self.log: list[str] = []
        self._options = Options("asgi", "web.main:app", project.root, project.watch)
        self._preload = Preload(self._options)
        self._listener = Listener(listener)
        self.reloader = Reloader(self._options, self._preload, self._zygote, self.log.append)
        self.task = asyncio.create_task(self.reloader.run(self._zygote()))

    async def _zygote(self) -> Zygote:
        while True:
            zygote = Zygote(self._options, *start_zygote())
            try:
                ready = await zygote.ready(self._preload.modules(), self._listener)
            except asyncio.CancelledError:  # by the next edit
                await zygote.end()
                raise
            if not ready.unsafe:
                return zygote
            self.log.append(f"unsafe {ready.unsafe}")
            self._preload.exclude(ready.unsafe)
            await zygote.end()

    async def until(self, condition: Callable[[], bool], seconds: float = PATIENCE) -> bool:
        """Whether it came to hold within this time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not condition():
                    await asyncio.sleep(0.005)
                    if self.task.done():
                        self.task.result()
        return condition()

    async def reloaded(self, files: list[str]) -> bool:
        """Reload for these files; whether new code started."""
        seen = len(self.log)
        self.reloader.ask(Reason(tuple(files)))

        def over() -> list[str]:
            return [line for line in self.log[seen:] if line.startswith("generation") or "does not start" in line]

        assert await self.until(lambda: bool(over())), self.log[-20:]
        return over()[-1].startswith("generation")

    async def answer(self) -> dict[str, Any]:
        """What is served now."""
        reader, writer = await asyncio.open_connection(*self._listener.socket.getsockname())
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        assert b" 200 " in head.splitlines()[0], (head, self.log[-20:])
        found = json.loads(body[body.index(b"{") : body.rindex(b"}") + 1])
        assert isinstance(found, dict)
        return found


async def play(folder: Path, seed: int, sequences: int) -> None:
    """Some sequences in one project."""
    numbers = random.Random(seed)
    project = ChangingProject(folder, numbers)
    os.environ.update(project.environment, PYTHONPATH=f"{project.environment['PYTHONPATH']}{os.pathsep}{CHECKOUT}")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        loop = Loop(project, listener)
        try:
            await loop.until(loop.reloader.first_answer.is_set)
            good = project.from_scratch()
            for step in range(sequences * EDITS):
                if numbers.random() < 0.7:  # so that the warm process is taken, or one that is half made
                    await loop.until(lambda: loop.reloader.starter.warm.ready, seconds=0.6)
                edits, files = project.edit()
                where = f"seed {seed}, step {step}: {edits}"
                started, truth = await loop.reloaded(files), project.from_scratch()
                assert started == (truth is not None), f"{where}\n{loop.log[-8:]}"
                good = good if truth is None else truth
                if good is not None:
                    answer = await loop.answer()
                    assert answer == good, f"{where}\n{json.dumps(answer)}\n{json.dumps(good)}\n{loop.log[-8:]}"
        finally:
            loop.task.cancel()
            await asyncio.gather(loop.task, return_exceptions=True)
            await loop.reloader.end(impatient=lambda: True)


@pytest.mark.parametrize("project", range(-(-SEQUENCES // IN_ONE_PROJECT)))
def test_every_edit_is_answered_as_from_scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project: int) -> None:
    if project % 2:  # with a second warm process, which only large applications have
        monkeypatch.setattr(warm, "_MANY_MODULES", 0)
    monkeypatch.setenv("WORD_A", "outside")
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    monkeypatch.delenv("WORD_B", raising=False)
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    sys.stdout.flush()
    monkeypatch.chdir(_made(tmp_path / "project"))
    asyncio.run(play(tmp_path, SEED + project, min(IN_ONE_PROJECT, SEQUENCES - project * IN_ONE_PROJECT)))


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
