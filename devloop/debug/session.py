"""The two processes of a debug session: debugpy's adapter, and the anchor that the editor's session is with.

They run only while an editor is attached. Standard input and output are their control channel: one line of text is one report, and
the end of standard input ends the process.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from devloop.debug.adapter import LOOPBACK
from devloop.debug.join import JoinAddress

ADAPTER = "devloop.debug.adapter"
ANCHOR = "devloop.debug.anchor"
START_SECONDS = 30.0  # two imports of debugpy; below one second on an idle machine
END_SECONDS = 2.0
LINE_BYTES = 1 << 20
ERROR_LINES = 5  # of what a process has printed, kept for the sentence that says why it ended

_CHECKOUT = Path(__file__).resolve().parents[2]


class SessionFailed(Exception):
    """The debug session could not be started; the text says why."""


class _Child:
    """`python -m MODULE`, started with pipes on all three standard streams."""

    def __init__(self, module: str, process: Process) -> None:
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise ValueError("the process has to be started with pipes")
        self.name = module.rpartition(".")[2]
        self.pid = process.pid
        self.stdin = process.stdin
        self._stdout = process.stdout
        self._process = process
        self._errors: deque[str] = deque(maxlen=ERROR_LINES)
        self._drain = asyncio.create_task(self._keep_errors(process.stderr))

    @classmethod
    async def start(cls, module: str) -> _Child:
        # debugpy warns about frozen modules of the standard library, which nobody debugs here
        environment = {**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module), stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment, cwd=_CHECKOUT, limit=LINE_BYTES
        )
        return cls(module, process)

    async def _keep_errors(self, stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            self._errors.append(line.decode(errors="replace").rstrip())

    async def report(self) -> str:
        """The next line that it prints. Raises SessionFailed if it ends instead."""
        line = await self._stdout.readline()
        if not line:
            await self.ended()
            raise SessionFailed(f"debugpy's {self.name} ended: {' / '.join(self._errors) or 'it said nothing'}")
        return line.decode().strip()

    async def ended(self) -> None:
        """Returns when the process has ended and everything it has said is read."""
        await self._process.wait()
        await asyncio.shield(self._drain)  # whoever stops waiting here does not end the reading

    async def end(self) -> str | None:
        """Ends the process, kindly first; it is gone after this. Returns a sentence if it had not waited for that."""
        self.stdin.close()
        try:
            async with asyncio.timeout(END_SECONDS):
                code = await self._process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            code = 0
        self._drain.cancel()
        return f"debugpy's {self.name} has ended by itself (exit code {code})" if code else None


class SessionProcesses:
    """The running adapter and anchor."""

    def __init__(self, adapter: _Child, anchor: _Child, ports: dict[str, int]) -> None:
        self._children = (adapter, anchor)
        self._anchor = anchor
        self.editor_address = (LOOPBACK, ports["editor"])
        self.join_address = JoinAddress(LOOPBACK, ports["debuggees"], anchor.pid)

    @classmethod
    async def start(cls) -> SessionProcesses:
        """Starts both. Raises SessionFailed; then neither is left."""
        children: list[_Child] = []
        try:
            adapter = await _Child.start(ADAPTER)
            children.append(adapter)
            anchor = await _Child.start(ANCHOR)  # before the adapter is waited for: they import side by side
            children.append(anchor)
            async with asyncio.timeout(START_SECONDS):
                ports: dict[str, int] = json.loads(await adapter.report())
            anchor.stdin.write(f"{ports['debuggees']}\n".encode())
            return cls(adapter, anchor, ports)
        except TimeoutError:
            await _end_all(children)
            raise SessionFailed(f"debugpy's adapter did not start within {START_SECONDS:.0f} seconds") from None
        except BaseException:
            await _end_all(children)
            raise

    async def configured(self) -> None:
        """Returns when the editor has attached and sent its breakpoints. Raises SessionFailed if the anchor ends before."""
        await self._anchor.report()

    async def one_ended(self) -> None:
        """Returns when one of the two has ended."""
        waits = [asyncio.create_task(child.ended()) for child in self._children]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def end(self) -> str | None:
        """Ends both. Returns a sentence about one that had ended by itself."""
        return await _end_all(self._children)


async def _end_all(children: Sequence[_Child]) -> str | None:
    sentences = await asyncio.gather(*(child.end() for child in children))
    return next(filter(None, sentences), None)
