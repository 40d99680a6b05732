"""Starts and stops everything that ``dq serve`` runs, in order: port, database, migrations, API, data, pipeline.

The launcher holds the listening socket and the embedded database. The API, the first load and the pipeline worker are child processes: one
that crashes is restarted with growing pauses. With hot reload the API and the worker run in a development loop each (cli.serve.loop).
"""

from __future__ import annotations

import asyncio
import errno
import os
import shlex
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import DraftQueenError
from app.settings import Settings
from cli.serve.child import Child, Say
from cli.serve.database import keep_database
from cli.serve.loop import API_GRACE_SECONDS, WORKER_GRACE_SECONDS, api_command, is_plain, why_no_loop, worker_command
from cli.serve.port import is_free, listen, url
from cli.serve.state import State, read_state
from cli.serve.terminal import gone

if TYPE_CHECKING:
    from tools.embedded import EmbeddedPostgres

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1, 30


class Launcher:
    """Starts, watches and stops; ``run()`` does it all. ``source_dir`` is a folder of real files to load first."""

    def __init__(self, settings: Settings, source_dir: Path | None, say: Say) -> None:
        self._settings = settings
        self._source_dir = source_dir
        self._say = say
        self._stop = asyncio.Event()
        self._children: set[Child] = set()
        self._embedded: EmbeddedPostgres | None = None
        self._env: dict[str, str] = {}
        self._terminal: asyncio.Task[None] | None = None
        self._announced = False
        self._no_loop = why_no_loop()
        self._looped = settings.hot_reload and self._no_loop is None
        self._debug_ports: list[str] = []

    async def run(self) -> int:
        """Serve until a signal. Returns the exit code.

        Raises:
            DraftQueenError: port taken, database out of reach, migration failed.
        """
        self._handle_signals()
        make_folder(self._settings.data_dir)
        listener = listen(self._settings.host, self._settings.port)
        self._debug_ports = self._free_debug_ports()  # before the loops bind them; they report a port that another program uses
        if self._settings.hot_reload and self._no_loop is not None:
            self._say("dq", f"Hot reload is off: {self._no_loop}.")
        try:
            state = await self._prepare_database()
            if not self._stop.is_set():
                await self._serve(listener, state)
        finally:
            listener.close()
            await self._end()
        return 0

    def _free_debug_ports(self) -> list[str]:
        if not self._looped or is_plain():
            return []
        ports = {"API": self._settings.api_debug_port, "pipeline": self._settings.pipeline_debug_port}
        return [f"{port} ({name})" for name, port in ports.items() if port and is_free(self._settings.debug_host, port)]

    # --- start-up ------------------------------------------------------------------------------------------------------------

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                continue  # nohup: the terminal may go, we stay
            loop.add_signal_handler(number, self._asked_to_stop)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            self._terminal = loop.create_task(self._end_with_terminal())

    async def _end_with_terminal(self) -> None:
        await gone()
        if not self._stop.is_set():
            self._asked_to_stop()

    def _asked_to_stop(self) -> None:
        if self._stop.is_set():  # the second signal: stop waiting
            for child in self._children:
                child.kill()
            return
        self._stop.set()
        self._say("dq", "Stopping ...")

    async def _prepare_database(self) -> State:
        """Prepare a migrated database and return its state."""
        dsn = self._settings.database_url or await self._start_embedded()
        self._env = self._environment(dsn)
        state = await read_state(dsn)
        if not state.migrated and not self._stop.is_set():
            from cli.migrations.migrate import upgrade

            self._say("dq", "Migrating the database ...")
            await asyncio.to_thread(upgrade, dsn)
        return state

    async def _start_embedded(self) -> str:
        from tools.embedded import EmbeddedPostgres

        self._embedded = EmbeddedPostgres(self._settings.embedded_dir)
        joins = self._embedded.is_running()
        self._say("dq", "Using the embedded PostgreSQL that is running already ..." if joins else "Starting the embedded PostgreSQL ...")
        return await asyncio.to_thread(self._embedded.start)

    def _environment(self, dsn: str) -> dict[str, str]:
        """Return the environment for the children, with their settings, and with bytecode that is kept."""
        env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        for name in ("DATABASE_PASSWORD", "DATABASE_URL_FILE", "DATABASE_PASSWORD_FILE"):  # already in the address
            env.pop(name, None)
        env |= {"DATABASE_URL": dsn, "PORT": str(self._settings.port), "HOST": self._settings.host, "PYTHONUNBUFFERED": "1"}
        if self._settings.log_as_json:
            env["DEVLOOP_LOG_FORMAT"] = "json"
        return env

    # --- while it runs -------------------------------------------------------------------------------------------------------

    async def _serve(self, listener: socket.socket, state: State) -> None:
        """Run the parts concurrently until the launcher is asked to stop, or until one of them cannot go on."""
        ready = asyncio.Event()
        parts = [self._keep_api(listener, ready), self._keep_worker(ready)]
        if self._source_dir is not None or state.wants_data:
            parts.append(self._load(state, ready))
        if self._embedded is not None:
            parts.append(keep_database(self._embedded, self._say))
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(part) for part in parts]
                await self._stop.wait()
                for task in tasks:
                    task.cancel()
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None  # the first failure has cancelled the others
        finally:
            self._stop.set()

    async def _keep_api(self, listener: socket.socket, ready: asyncio.Event) -> None:
        """Keep an API process running on the socket."""
        pause, failures = FIRST_PAUSE_SECONDS, 0
        while not self._stop.is_set():
            api = await self._start_api(listener)
            if api is not None:
                pause, failures = FIRST_PAUSE_SECONDS, 0
                self._announce()
                ready.set()
                await api.wait()
                self._children.discard(api)
                self._say("dq", f"The API ended unexpectedly; starting it again in {pause} s.")
            else:
                failures += 1
                if failures >= 3 and not self._looped:
                    raise DraftQueenError("The API does not start.", "The lines above say why.")
                self._say("dq", f"The API does not start; next try in {pause} s.")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _start_api(self, listener: socket.socket) -> Child | None:
        """Start a new API process and return it when it responds, or None if it exited before."""
        read_end, write_end = os.pipe()
        fd = listener.fileno()
        try:
            command = api_command(self._settings, looped=self._looped)
            api = await self._start("api", *command, "--fd", str(fd), "--ready-fd", str(write_end), pass_fds=(fd, write_end))
        finally:
            os.close(write_end)
        answered = await _first_line(read_end)
        if answered:
            return api
        await api.stop(0)
        self._children.discard(api)
        return None

    async def _keep_worker(self, ready: asyncio.Event) -> None:
        """Keep one pipeline worker running; it starts after the API, for which users are waiting."""
        await ready.wait()
        pause = FIRST_PAUSE_SECONDS
        while not self._stop.is_set():
            started = asyncio.get_running_loop().time()
            worker = await self._start("pipeline", *worker_command(self._settings, looped=self._looped))
            code = await worker.wait()
            self._children.discard(worker)
            if self._stop.is_set():
                return
            if asyncio.get_running_loop().time() - started > 60:
                pause = FIRST_PAUSE_SECONDS
            self._say("dq", f"The pipeline worker ended unexpectedly ({_how(code)}); starting it again in {pause} s.")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _load(self, state: State, ready: asyncio.Event) -> None:
        """Run the first load, in a separate process so that its memory is released.

        An empty database is filled while the API starts; otherwise users are waiting for the API, not for newer data.
        """
        if not state.empty:
            await ready.wait()
        arguments = ["--from", str(self._source_dir)] if self._source_dir is not None else []
        loader = await self._start("load", "cli.serve.first_load", *arguments)
        code = await loader.wait()
        self._children.discard(loader)
        if code != 0 and not self._stop.is_set():
            again = "dq etl run" if self._source_dir is None else f"dq etl run --from {shlex.quote(str(self._source_dir))}"
            self._say("dq", f"Not everything was loaded ({_how(code)}); the available data are served. Try again with: {again}")

    # --- children ------------------------------------------------------------------------------------------------------------

    async def _start(self, name: str, module: str, *arguments: str, pass_fds: tuple[int, ...] = ()) -> Child:
        child = await Child.start(name, module, *arguments, env=self._env, say=self._say, pass_fds=pass_fds)
        self._children.add(child)
        return child

    async def _end(self) -> None:
        """Stop everything: the children first, then the database that they use."""
        grace = {"api": API_GRACE_SECONDS}
        await asyncio.gather(*(child.stop(grace.get(child.name, WORKER_GRACE_SECONDS)) for child in tuple(self._children)))
        if self._embedded is not None:
            await asyncio.to_thread(self._embedded.stop)

    def _announce(self) -> None:
        if self._announced:
            return
        self._announced = True
        base = url(self._settings.host, self._settings.port)
        self._say("", "")
        places = [("Draft Queen", f"{base}/"), ("API", f"{base}/docs"), ("Health", f"{base}/health/ready")]
        if self._debug_ports:
            places.append(("Debugger", f"attach to port {', '.join(self._debug_ports)}: docs/debugging.md"))
        for title, address in places:
            self._say("", f"  {title:<12} {address}")
        self._say("", "  Ctrl-C stops it; the data stays for the next start.")
        self._say("", "")


def make_folder(path: Path) -> None:
    """Create the folder if necessary, and check that it is writable.

    Raises:
        DraftQueenError: it cannot be used.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        if not os.access(path, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise DraftQueenError(
            f"The folder {path} cannot be used ({error.strerror}).", "Set DATA_DIR to a folder that you can write to."
        ) from error


def _how(code: int) -> str:
    """Describe an exit code in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


async def _first_line(read_end: int) -> bytes:
    """Read the first line from a pipe; empty if its last writer closed it without writing."""
    reader = asyncio.StreamReader()
    with os.fdopen(read_end, "rb") as pipe:
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        try:
            return await reader.readline()
        finally:
            transport.close()
