"""The supervisor of the tests: reads commands from standard input, one JSON object a line, and prints events the same way."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from dataclasses import asdict
from pathlib import Path

from devloop.debug import port as port_module
from devloop.debug import session as session_module
from devloop.debug.port import DebugPort, JoinAddress


def say(event: str, **details: object) -> None:
    sys.stdout.write(json.dumps({"event": event, **details}) + "\n")
    sys.stdout.flush()


class Supervisor:
    def __init__(self, port: int, target: Path) -> None:
        self.target = target
        self.worker: Process | None = None
        self.port = DebugPort(
            "127.0.0.1",
            port,
            serves="the API",
            attached=self.attached,
            detached=lambda: say("detached"),
            log=lambda text: say("log", text=text),
        )

    def attached(self, address: JoinAddress) -> None:
        say("attached", **asdict(address))
        self.tell({"join": asdict(address)})

    def tell(self, command: dict[str, object]) -> None:
        if self.worker is not None and self.worker.stdin is not None:
            self.worker.stdin.write(json.dumps(command).encode() + b"\n")

    async def new_worker(self) -> None:
        if self.worker is not None:
            self.worker.kill()
            await self.worker.wait()
        address = self.port.address
        arguments = (str(self.target), json.dumps(asdict(address) if address else None))
        self.worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.support.debugged.worker", *arguments, stdin=PIPE, limit=1 << 20
        )
        say("worker", pid=self.worker.pid)

    async def run(self) -> None:
        serving = asyncio.create_task(self.port.run())
        while not self.port.port and not serving.done():  # noqa: ASYNC110 - only a test takes any free port
            await asyncio.sleep(0.005)
        say("running", port=self.port.port)
        commands = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
        while line := await commands.readline():
            command = json.loads(line)
            if command == "worker":
                await self.new_worker()
            else:
                self.tell(command)
        serving.cancel()
        await asyncio.wait([serving])
        if self.worker is not None:
            self.worker.kill()
            await self.worker.wait()
        say("ended", address=self.port.address, error=repr(None if serving.cancelled() else serving.exception()))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--target", type=Path, required=True)
    parser.add_argument("--introduction", type=float, default=port_module.INTRODUCTION_SECONDS)
    parser.add_argument("--retry", type=float, default=port_module.RETRY_SECONDS)
    parser.add_argument("--adapter", default=session_module.ADAPTER)
    options = parser.parse_args()
    port_module.INTRODUCTION_SECONDS = options.introduction
    port_module.RETRY_SECONDS = options.retry
    session_module.ADAPTER = options.adapter
    asyncio.run(Supervisor(options.port, options.target).run())


if __name__ == "__main__":
    main()
