"""A child process in its own session: it ends with us however we end, and its output is shown under its name."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from app.process import ending_with
from cli.serve.terminal import in_foreground

Say = Callable[[str, str], None]
"""Shows a line: its source and its text."""


class Child:
    """A started process. In its own session it does not get the terminal's Ctrl-C, so that processes are stopped in order."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, say: Say) -> None:
        self.name = name
        self._process = process
        self._relays = [asyncio.create_task(_relay(stream, name, say)) for stream in (process.stdout, process.stderr) if stream is not None]

    @classmethod
    async def start(cls, name: str, module: str, *arguments: str, env: Mapping[str, str], say: Say, pass_fds: Sequence[int] = ()) -> Child:
        """Start ``python -m module`` with exactly this environment."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            *arguments,
            env=dict(env),
            pass_fds=tuple(pass_fds),
            stdin=None if module == "devloop" and in_foreground() else asyncio.subprocess.DEVNULL,  # ``breakpoint()`` asks there
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            preexec_fn=ending_with(os.getpid()),
        )
        return cls(name, process, say)

    @property
    def alive(self) -> bool:
        """Whether it is still running."""
        return self._process.returncode is None

    async def wait(self) -> int:
        """Wait for the exit code, or minus the signal that ended it, until the last line has been shown."""
        code = await self._process.wait()
        if self._relays:
            await asyncio.wait(self._relays)  # unlike gather, leaves them running when we are cancelled
        return code

    async def stop(self, grace_seconds: float) -> None:
        """Send SIGTERM, and after the grace period kill it and its child processes."""
        if self.alive:
            with suppress(ProcessLookupError):
                self._process.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), grace_seconds)
        self.kill()
        await self.wait()

    def kill(self) -> None:
        """Kill it and everything in its session at once."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)


async def _relay(stream: asyncio.StreamReader, name: str, say: Say) -> None:
    """Show a stream line by line; a line longer than the buffer comes in pieces."""
    while True:
        try:
            line = await stream.readline()
        except ValueError:
            line = await stream.read(1 << 16)
        if not line:
            return
        say(name, line.decode(errors="replace").rstrip("\n"))
