"""The process of a debug session, debugpy's adapter, with the anchor that the editor's session is with.

It runs only while an editor is attached. Standard input and output are its control channel: one line of text is one report, and the end
of standard input ends it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from contextlib import suppress
from pathlib import Path

from devloop.debug.adapter import LOOPBACK
from devloop.debug.anchor import Anchor
from devloop.debug.join import JoinAddress
from devloop.processes import environment

ADAPTER = "devloop.debug.adapter"
START_SECONDS = 30.0  # an import of debugpy; below one second on an idle machine
END_SECONDS = 2.0
LINE_BYTES = 1 << 20
ERROR_LINES = 5  # of what a process has printed, kept for the sentence that says why it ended

_CHECKOUT = Path(__file__).resolve().parents[2]


class SessionFailed(Exception):
    """The debug session could not be started; the text says why."""


class _Adapter:
    """`python -m devloop.debug.adapter`, started with pipes on all three standard streams."""

    def __init__(self, process: Process) -> None:
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise ValueError("the process has to be started with pipes")
        self._stdin = process.stdin
        self._stdout = process.stdout
        self._process = process
        self._errors: deque[str] = deque(maxlen=ERROR_LINES)
        self._drain = asyncio.create_task(self._keep_errors(process.stderr))

    @classmethod
    async def start(cls) -> _Adapter:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", ADAPTER), stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment(), cwd=_CHECKOUT, limit=LINE_BYTES
        )
        return cls(process)

    async def _keep_errors(self, stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            self._errors.append(line.decode(errors="replace").rstrip())

    async def report(self) -> str:
        """Return the next line that it prints.

        Raises:
            SessionFailed: the process has ended instead.
        """
        line = await self._stdout.readline()
        if not line:
            await self.ended()
            raise SessionFailed(f"debugpy's adapter ended: {' / '.join(self._errors) or 'no error message'}")
        return line.decode().strip()

    async def ended(self) -> None:
        """Return when the process has ended and all its output has been read."""
        await self._process.wait()
        await asyncio.shield(self._drain)  # cancelling this wait must not end the reading

    async def end(self) -> str | None:
        """Terminate the process, if necessary by SIGKILL. Return an error message if it had ended before."""
        self._stdin.close()
        try:
            async with asyncio.timeout(END_SECONDS):
                code = await self._process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            code = 0
        self._drain.cancel()
        return f"debugpy's adapter has ended by itself (exit code {code})" if code else None


class Session:
    """The running adapter, and the anchor."""

    def __init__(self, adapter: _Adapter, anchor: Anchor, ports: dict[str, int]) -> None:
        self._adapter, self._anchor = adapter, anchor
        self._answering = asyncio.create_task(anchor.answer())
        self.editor_address = (LOOPBACK, ports["editor"])
        self.join_address = JoinAddress(LOOPBACK, ports["debuggees"], os.getpid())

    @classmethod
    async def start(cls) -> Session:
        """Start the adapter and connect the anchor.

        Raises:
            SessionFailed, OSError: no process is left.
        """
        adapter = await _Adapter.start()
        try:
            async with asyncio.timeout(START_SECONDS):
                ports: dict[str, int] = json.loads(await adapter.report())
                return cls(adapter, await Anchor.connect((LOOPBACK, ports["debuggees"])), ports)
        except TimeoutError:
            await adapter.end()
            raise SessionFailed(f"debugpy's adapter did not start within {START_SECONDS:.0f} seconds") from None
        except BaseException:
            await adapter.end()
            raise

    async def configured(self) -> None:
        """Return when the editor has attached and sent its breakpoints."""
        await self._anchor.configured.wait()

    async def ended(self) -> None:
        """Return when the adapter has ended or no longer responds."""
        waits = [asyncio.create_task(self._adapter.ended()), self._answering]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waits[0].cancel()

    async def end(self) -> str | None:
        """End the adapter. Return an error message if it had ended before."""
        self._answering.cancel()
        self._anchor.close()
        return await self._adapter.end()
