"""The editor as a whole: breakpoints that hold for every session, sessions that begin by themselves, the place where it is stopped."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.dap.session import RequestFailed, Session, Waited
from tests.support.dap.wire import Fields, Json, Transcript, Wire

Breakpoints = Mapping[Path, Sequence[int]]


@dataclass(frozen=True)
class Stop:
    """Where a thread of the program is stopped."""

    session: Session
    thread: int
    frame: int
    path: Path
    line: int
    function: str
    variables: dict[str, str]  # local ones, as the editor shows them


#: Between the answer that a process has gone and the end of its session.
ENDING_SECONDS = 60.0


class Editor:
    """VS Code with one debug configuration. Everything that waits raises `Waited`, with a transcript, after `timeout` seconds."""

    def __init__(self, *, start_debugging: bool = True, sub_process: bool = True, just_my_code: bool = True, timeout: float = 60.0) -> None:
        self.transcript = Transcript()
        self.output: list[str] = []
        self.exit_code: int | None = None
        self.errors: list[str] = []  # of sessions that began by themselves
        self.hangs = False  # no session begins by itself, as in an editor that does not respond any more
        self._client: dict[str, Json] = {"supportsStartDebuggingRequest": start_debugging}
        self._options: dict[str, Json] = {
            "type": "debugpy",
            "justMyCode": just_my_code,
            "subProcess": sub_process,
            "redirectOutput": False,
            "showReturnValue": True,
            "clientOS": "unix",
        }
        self._timeout = timeout
        self._breakpoints: Breakpoints = {}
        self._all: list[Session] = []  # the first one is the root session
        self._stops: queue.Queue[tuple[Session, Fields]] = queue.Queue()
        self._adapter: subprocess.Popen[bytes] | None = None
        self.stopped_at: Stop | None = None

    # --- beginning and end ----------------------------------------------------------------------------------------------------

    def attach(self, port: int, breakpoints: Breakpoints, configuration: Mapping[str, Json] | None = None) -> None:
        """Attaches to a program that runs. Raises RequestFailed, ConnectionError.

        `configuration` is added to the usual one; what is None in it is left out.
        """
        self._breakpoints = breakpoints
        usual: dict[str, Json] = {"name": "Attach", "request": "attach", "connect": {"host": "127.0.0.1", "port": port}}
        complete = {**self._options, **usual, **(configuration or {})}
        self._start(Wire.to_port("127.0.0.1", port), {name: value for name, value in complete.items() if value is not None})

    def launch(self, configuration: Mapping[str, Json], breakpoints: Breakpoints, *, cwd: Path, env: Mapping[str, str]) -> None:
        """Starts a program with debugpy's own adapter, as VS Code does. `configuration` has program or module, and args."""
        self._breakpoints = breakpoints
        self._adapter = subprocess.Popen(
            [sys.executable, "-m", "debugpy.adapter"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self._adapter.stdin
        assert self._adapter.stdout
        wire = Wire(self._adapter.stdout, self._adapter.stdin, self._adapter.stdin.close)
        usual: dict[str, Json] = {
            "name": "Launch",
            "request": "launch",
            "console": "internalConsole",
            "redirectOutput": True,  # what VS Code adds for this console
            "python": [sys.executable],
            "cwd": str(cwd),
            "env": dict(env),
        }
        self._start(wire, {**self._options, **usual, **configuration})

    def detach(self) -> None:
        """Ends every session in good order, those of child processes first."""
        for session in reversed(self._all):
            if not session.ended.is_set():
                session.leave()
        self._end_adapter()

    def vanish(self) -> None:
        """Closes every connection without a word, as an editor that was killed."""
        for session in self._all:
            session.close()
        self._end_adapter()

    def _end_adapter(self) -> None:
        if self._adapter is not None:
            try:
                self._adapter.wait(5)
            except subprocess.TimeoutExpired:
                self._adapter.kill()
                self._adapter.wait()

    # --- sessions -------------------------------------------------------------------------------------------------------------

    @property
    def root(self) -> Session:
        return self._all[0]

    @property
    def sessions(self) -> list[str]:
        """The names of the sessions that are configured and have not ended; "Subprocess 123" is that of process 123."""
        return [session.name for session in self._all if session.configured.is_set() and not session.ended.is_set()]

    def wait_session(self, process: int) -> Session:
        """The session of a process, as soon as its breakpoints are set."""
        name = f"Subprocess {process}"
        self.wait_until(lambda: name in self.sessions, f"a session with {name}")
        return next(session for session in self._all if session.name == name)

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + self._timeout
        while not condition():
            if time.monotonic() > deadline:
                raise Waited(f"waited {self._timeout:.0f} s for {what}; errors: {self.errors}\n{self.transcript}")
            time.sleep(0.005)

    def _start(self, wire: Wire, configuration: Mapping[str, Json]) -> None:
        session = Session(
            wire,
            str(configuration["name"]),
            self.transcript,
            on_event=self._on_event,
            on_request=self._on_request,
            timeout=self._timeout,
        )
        self._all.append(session)
        session.start(str(configuration["request"]), configuration, self._configure, self._client)

    def _configure(self, session: Session) -> None:
        for path, lines in self._breakpoints.items():
            self._send_breakpoints(session, path, lines)
        session.request("setFunctionBreakpoints", {"breakpoints": []})
        session.request("setExceptionBreakpoints", {"filters": ["uncaught"], "filterOptions": []})

    def _send_breakpoints(self, session: Session, path: Path, lines: Sequence[int]) -> None:
        source: Json = {"name": path.name, "path": str(path)}
        breakpoints: list[Json] = [{"line": line} for line in lines]
        session.request("setBreakpoints", {"source": source, "lines": list(lines), "breakpoints": breakpoints, "sourceModified": False})

    def _on_request(self, _session: Session, command: str, arguments: Fields) -> bool:
        if command != "startDebugging":
            return False
        self._start_child({**arguments.fields("configuration").content, "request": arguments.text("request")})
        return True

    def _on_event(self, session: Session, event: str, body: Fields) -> None:
        if event == "debugpyAttach":
            self._start_child(body.content)
        elif event == "stopped":
            self._stops.put((session, body))
        elif event == "output" and body.text("category") != "telemetry":
            self.output.append(body.text("output"))
        elif event == "exited":
            self.exit_code = body.number("exitCode")
        elif event == "terminated":
            threading.Thread(target=session.leave, daemon=True).start()

    def _start_child(self, configuration: Mapping[str, Json]) -> None:
        def start() -> None:
            address = Fields(configuration.get("connect"))
            try:
                self._start(Wire.to_port(address.text("host"), address.number("port")), configuration)
            except (OSError, RequestFailed, Waited) as error:
                self.errors.append(f"{configuration.get('name')}: {str(error).splitlines()[0]}")

        if not self.hangs:
            threading.Thread(target=start, daemon=True).start()

    # --- what a person does ---------------------------------------------------------------------------------------------------

    def set_breakpoints(self, breakpoints: Breakpoints) -> None:
        """Replaces the breakpoints of these files, in every session there is and will be."""
        self._breakpoints = {**self._breakpoints, **breakpoints}
        for session in self._all:
            if session.configured.is_set() and not session.ended.is_set():
                try:
                    for path, lines in breakpoints.items():
                        self._send_breakpoints(session, path, lines)
                except (ConnectionError, RequestFailed):  # its process has ended meanwhile
                    if not session.ended.wait(ENDING_SECONDS):
                        raise

    def wait_stopped(self) -> Stop:
        """The next place at which a thread stops, with what an editor then asks for; a process that ends meanwhile is passed over."""
        while True:
            try:
                session, body = self._stops.get(timeout=self._timeout)
            except queue.Empty:
                raise Waited(f"waited {self._timeout:.0f} s for a stop; errors: {self.errors}\n{self.transcript}") from None
            try:
                self.stopped_at = self._look_at(session, body.number("threadId"))
            except (ConnectionError, RequestFailed):
                if not session.ended.wait(ENDING_SECONDS):
                    raise
            else:
                return self.stopped_at

    @staticmethod
    def _look_at(session: Session, thread: int) -> Stop:
        frame = session.request("stackTrace", {"threadId": thread, "startFrame": 0, "levels": 20}).list("stackFrames")[0]
        scope = session.request("scopes", {"frameId": frame.number("id")}).list("scopes")[0]
        variables = session.request("variables", {"variablesReference": scope.number("variablesReference")}).list("variables")
        return Stop(
            session,
            thread,
            frame.number("id"),
            Path(frame.fields("source").text("path")),
            frame.number("line"),
            frame.text("name"),
            {variable.text("name"): variable.text("value") for variable in variables},
        )

    def nothing_stopped(self) -> bool:
        return self._stops.empty()

    def evaluate(self, expression: str) -> str:
        """The value of an expression where the editor is stopped."""
        stop = self._stop()
        return stop.session.request("evaluate", {"expression": expression, "frameId": stop.frame, "context": "watch"}).text("result")

    def step(self) -> Stop:
        """Steps over one line."""
        stop = self._stop()
        stop.session.request("next", {"threadId": stop.thread})
        return self.wait_stopped()

    def turn_to(self, thread: int) -> Stop:
        """Selects another thread, which has to be stopped as well; what an editor then asks for."""
        self.stopped_at = self._look_at(self._stop().session, thread)
        return self.stopped_at

    def continue_(self) -> None:
        stop = self._stop()
        self.stopped_at = None
        stop.session.request("continue", {"threadId": stop.thread})

    def wait_exit(self) -> int:
        """The exit code of a launched program."""
        self.wait_until(lambda: self.exit_code is not None and self.root.ended.is_set(), "the end of the program")
        self._end_adapter()
        assert self.exit_code is not None
        return self.exit_code

    def _stop(self) -> Stop:
        assert self.stopped_at, "the editor is not stopped"
        return self.stopped_at


def plain_environment() -> dict[str, str]:
    """This process's environment without what tells debugpy about another session."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYDEVD_", "DEBUGPY_"))}
