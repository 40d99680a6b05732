"""A Redis for tests: a real server where one is installed, otherwise fakeredis behind a port."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fakeredis import TcpFakeServer

from tests.support.waiting import PATIENCE, until

PROGRAM = shutil.which("redis-server")


@contextmanager
def real_redis(folder: Path) -> Iterator[tuple[str, int]]:
    """Run a server on a socket in the folder; yields its URL and its process ID."""
    assert PROGRAM is not None
    place = folder / f"redis-{os.getpid()}-{len(list(folder.iterdir()))}.sock"
    command = [PROGRAM, "--port", "0", "--unixsocket", str(place), "--save", "", "--appendonly", "no"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=folder)
    try:
        until(lambda: place.exists() or server.poll() is not None, lambda: "Redis takes too long to start")
        assert server.poll() is None
        yield f"unix://{place}", server.pid
    finally:
        server.kill()
        server.wait()


@contextmanager
def fake_redis() -> Iterator[str]:
    """Serve fakeredis in a thread; yields its URL."""
    server = TcpFakeServer(("127.0.0.1", 0))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"redis://127.0.0.1:{server.server_address[1]}/0"
    finally:
        server.shutdown()
        server.server_close()


async def eventually(condition: Callable[[], object]) -> None:
    """Wait for it without stopping the event loop."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - nothing reports it
            await asyncio.sleep(0.01)
