"""Everything that ``dq serve`` runs, in order: port, database, migrations, API, data, pipeline; and its end.

With ``--only`` it runs one part, as in a container: the database and its schema are then somebody else's work, and are waited for.

The launcher holds the listening socket and the embedded database. The API, the first load and the pipeline worker are children: one that
dies is started again with growing pauses. With hot reload the API and the worker run in a development loop each (cli.serve.loop); where
that cannot run, the API is restarted at an edit, and the new process takes over the socket before the old one goes.
"""

from __future__ import annotations

import asyncio
import errno
import os
import shlex
import signal
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from app.db.schema_version import HOW_TO_MIGRATE
from app.errors import DraftQueenError
from app.settings import CHECKOUT, Settings
from cli.serve.child import Child, Say
from cli.serve.database import keep_database
from cli.serve.loop import API_GRACE_SECONDS, WORKER_GRACE_SECONDS, api_command, why_no_loop, worker_command
from cli.serve.port import is_free, listen
from cli.serve.state import State, read_state
from cli.serve.terminal import gone

if TYPE_CHECKING:
    from tools.embedded import EmbeddedPostgres

LONGEST_PAUSE_SECONDS = 30

Part = Literal["api", "pipeline"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to serve: the settings, the folder of real files to load first, if any, and the only part, if not all."""

    settings: Settings
    source_dir: Path | None = None
    only: Part | None = None

    def includes(self, part: Part) -> bool:
        """Whether this part is to run."""
        return self.only in (None, part)


class Launcher:
    """Starts, watches and stops; ``run()`` does it all."""

    def __init__(self, plan: Plan, say: Say) -> None:
        self._plan = plan
        self._settings = plan.settings
        self._source_dir = plan.source_dir
        self._say = say
        self._stop = asyncio.Event()
        self._children: set[Child] = set()
        self._embedded: EmbeddedPostgres | None = None
        self._env: dict[str, str] = {}
        self._watcher: asyncio.Task[None] | None = None
        self._terminal: asyncio.Task[None] | None = None
        self._announced = False
        self._no_loop = why_no_loop()
        self._looped = plan.settings.hot_reload and self._no_loop is None
        self._debug_ports: list[str] = []

    async def run(self) -> int:
        """Serve until a signal. Returns the exit code.

        Raises:
            DraftQueenError: port taken, database out of reach, migration failed.
        """
        self._handle_signals()
        make_folder(self._settings.data_dir)
        listener = listen(self._settings.host, self._settings.port) if self._plan.includes("api") else None
        self._debug_ports = self._free_debug_ports()  # before the loops take them; one that another stack has is theirs to tell
        try:
            state = await (self._prepare_database() if self._plan.only is None else self._find_database())
            if self._stop.is_set():
                return 0
            return await self._serve(listener, state)
        finally:
            if listener is not None:
                listener.close()
            await self._end()

    def _free_debug_ports(self) -> list[str]:
        ports = {"API": self._settings.api_debug_port, "pipeline": self._settings.pipeline_debug_port} if self._looped else {}
        return [f"{port} ({name})" for name, port in ports.items() if port and is_free(self._settings.debug_host, port)]

    # --- before anything answers ---------------------------------------------------------------------------------------------

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
        if self._stop.is_set():  # asked twice: no more patience
            for child in self._children:
                child.kill()
            return
        self._stop.set()
        self._say("dq", "Stopping ...")

    async def _prepare_database(self) -> State:
        """A migrated database, and what is in it."""
        dsn = self._settings.database_url or await self._start_embedded()
        self._env = self._environment(dsn)
        state = await read_state(dsn)
        if not state.migrated and not self._stop.is_set():
            from cli.migrations.migrate import upgrade

            self._say("dq", "Migrating the database ...")
            await asyncio.to_thread(upgrade, dsn)
        return state

    async def _find_database(self) -> State | None:
        """What is in a database that others start and migrate; the API does not wait for it and answers 503 meanwhile.

        Raises:
            DraftQueenError: no database is named. A part alone does not start the embedded one: nobody would migrate it.
        """
        dsn = self._settings.database_url
        if dsn is None:
            raise DraftQueenError("DATABASE_URL is not set.", "With --only, the database is not started: set DATABASE_URL, or omit --only.")
        self._env = self._environment(dsn)
        if self._plan.only == "api":
            return None
        pause = 1
        while not self._stop.is_set():
            try:
                state = await read_state(dsn)
                if state.migrated:
                    return state
                self._say("dq", f"The database schema does not match this code: {HOW_TO_MIGRATE}. Checking again in {pause} s.")
            except DraftQueenError as error:
                self._say("dq", f"{error} Trying again in {pause} s.")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        return None

    async def _start_embedded(self) -> str:
        from tools.embedded import EmbeddedPostgres

        self._say("dq", "Starting the embedded PostgreSQL ...")
        self._embedded = EmbeddedPostgres(self._settings.embedded_dir)
        return await asyncio.to_thread(self._embedded.start)

    def _environment(self, dsn: str) -> dict[str, str]:
        """Settings for the children, as they would be without us, and bytecode that is kept."""
        env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        for name in ("DATABASE_PASSWORD", "DATABASE_URL_FILE", "DATABASE_PASSWORD_FILE"):  # already in the address
            env.pop(name, None)
        env |= {"DATABASE_URL": dsn, "PORT": str(self._settings.port), "HOST": self._settings.host, "PYTHONUNBUFFERED": "1"}
        return env

    # --- while it runs -------------------------------------------------------------------------------------------------------

    async def _serve(self, listener: socket.socket | None, state: State | None) -> int:
        """Run the parts beside each other until asked to stop, or until one of them cannot go on."""
        ready = asyncio.Event()
        parts = set()
        if listener is not None:
            parts.add(asyncio.create_task(self._keep_api(listener, ready)))
        else:
            ready.set()  # nobody is waiting for an API here
        if state is not None:
            parts.add(asyncio.create_task(self._keep_worker(ready)))
            if self._source_dir is not None or state.wants_data:
                parts.add(asyncio.create_task(self._load(state, ready)))
        if self._embedded is not None:
            parts.add(asyncio.create_task(keep_database(self._embedded, self._say)))
        stopped = asyncio.create_task(self._stop.wait())
        try:
            pending = {stopped, *parts}
            while not stopped.done():
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for part in done - {stopped}:
                    part.result()  # raises what ended it
        finally:
            self._stop.set()
            for task in (stopped, *parts):
                task.cancel()
            await asyncio.gather(stopped, *parts, return_exceptions=True)
        return 0

    async def _keep_api(self, listener: socket.socket, ready: asyncio.Event) -> None:
        """Keep an API process on the socket, the newest code that starts."""
        changes = self._code_changes(ready)
        api, pause, failures = None, 1, 0
        while not self._stop.is_set():
            while not changes.empty():
                changes.get_nowait()
            newer = await self._start_api(listener)
            if newer is not None:
                if api is not None:
                    await self._stop_child(api, API_GRACE_SECONDS)
                api, pause, failures = newer, 1, 0
                self._announce()
                ready.set()
            elif api is None:
                failures += 1
                if failures >= 3 and not self._settings.hot_reload:
                    raise DraftQueenError("The API does not start.", "The lines above say why.")
                self._say("dq", f"The API does not start; next try in {pause} s.")
            else:
                self._say("dq", "The new code does not start; the old code keeps answering.")
            died = await self._died_or_changed(api, changes, pause)
            if died:
                self._say("dq", f"The API ended unexpectedly; starting it again in {pause} s.")
                api = None
                await asyncio.sleep(pause)
            if api is None:
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _died_or_changed(self, api: Child | None, changes: asyncio.Queue[None], pause: float) -> bool:
        """Wait until there is a reason to start an API process; whether the reason is that the last one died."""
        changed = asyncio.create_task(changes.get())
        reasons: set[asyncio.Task[object]] = {changed}
        died = asyncio.create_task(api.wait()) if api is not None else None
        if died is not None:
            reasons.add(died)
        try:
            await asyncio.wait(reasons, return_when=asyncio.FIRST_COMPLETED, timeout=pause if api is None else None)
            if died is not None and died.done() and api is not None:
                self._children.discard(api)
                return True
            return False
        finally:
            for task in reasons:
                task.cancel()

    async def _start_api(self, listener: socket.socket) -> Child | None:
        """A new API process that answers, or None when it ended before it did."""
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
        await self._stop_child(api, 0)
        return None

    def _code_changes(self, ready: asyncio.Event) -> asyncio.Queue[None]:
        """A queue that gets an entry for every batch of edits after which we have to restart the API ourselves."""
        queue: asyncio.Queue[None] = asyncio.Queue()
        if self._settings.hot_reload and not self._looped:
            self._say("dq", f"Every edit restarts the API, without the development loop and its debugger: {self._no_loop}.")
            self._watcher = asyncio.create_task(self._watch(queue, ready))
        return queue

    async def _watch(self, queue: asyncio.Queue[None], ready: asyncio.Event) -> None:
        with suppress(TimeoutError):  # code that does not start must be watched too
            await asyncio.wait_for(ready.wait(), 20)
        from cli.serve.edits import edits

        async for names in edits(CHECKOUT / "app", self._settings.polling, self._stop):
            self._say("dq", f"{', '.join(names[:3])}{' ...' if len(names) > 3 else ''} changed; restarting the API.")
            queue.put_nowait(None)

    async def _keep_worker(self, ready: asyncio.Event) -> None:
        """Keep one pipeline worker; it starts after the API, which people are waiting for."""
        await ready.wait()
        pause = 1
        while not self._stop.is_set():
            started = asyncio.get_running_loop().time()
            worker = await self._start("pipeline", *worker_command(self._settings, looped=self._looped))
            code = await worker.wait()
            self._children.discard(worker)
            if self._stop.is_set():
                return
            if asyncio.get_running_loop().time() - started > 60:
                pause = 1
            self._say("dq", f"The pipeline worker ended unexpectedly ({_how(code)}); starting it again in {pause} s.")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _load(self, state: State, ready: asyncio.Event) -> None:
        """The load at the start, in a process of its own so that its memory is given back.

        An empty database is filled while the API starts; otherwise people are waiting for the API, not for newer data.
        """
        if not state.empty:
            await ready.wait()
        arguments = ["--from", str(self._source_dir)] if self._source_dir is not None else []
        if self._source_dir is None and (state.real or not state.empty):
            # only real data is worth a load then
            arguments += ["--keep", "real data" if state.real else "synthetic league"]
            if state.missing and state.real:
                self._say("dq", f"No data yet: {', '.join(state.missing)}. Trying to load what is missing.")
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

    async def _stop_child(self, child: Child, grace_seconds: float) -> None:
        await child.stop(grace_seconds)
        self._children.discard(child)

    async def _end(self) -> None:
        """Nothing is left running: children first, then the database they use."""
        grace = {"api": API_GRACE_SECONDS}
        await asyncio.gather(*(child.stop(grace.get(child.name, WORKER_GRACE_SECONDS)) for child in tuple(self._children)))
        if self._embedded is not None:
            await asyncio.to_thread(self._embedded.stop)

    def _announce(self) -> None:
        if self._announced:
            return
        self._announced = True
        if self._plan.only is not None:  # in a container: the address that people use is not known here
            self._say("dq", "The API answers.")
            return
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self._settings.host, self._settings.host)  # noqa: S104 - shown, not bound
        base = f"http://{host}:{self._settings.port}"
        self._say("", "")
        places = [("Draft Queen", f"{base}/"), ("API", f"{base}/docs"), ("Health", f"{base}/health/ready")]
        if self._debug_ports:
            places.append(("Debugger", f"attach to port {', '.join(self._debug_ports)}: docs/debugging.md"))
        for title, address in places:
            self._say("", f"  {title:<12} {address}")
        self._say("", "  Ctrl-C stops it; the data stays for the next start.")
        self._say("", "")


def make_folder(path: Path) -> None:
    """Make the folder if it is not there, and prove that it can be written.

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
    """An exit code in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


async def _first_line(read_end: int) -> bytes:
    """The first line from a pipe; empty when its last writer went away without a word."""
    reader = asyncio.StreamReader()
    with os.fdopen(read_end, "rb") as pipe:
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        try:
            return await reader.readline()
        finally:
            transport.close()
