"""One debug session of the editor: one wire, requests with their answers, events."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, InvalidStateError
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from itertools import count

from tests.support.dap.wire import Fields, Json, Transcript, Wire

#: What VS Code says about itself.
CLIENT: dict[str, Json] = {
    "clientID": "vscode",
    "clientName": "Visual Studio Code",
    "adapterID": "debugpy",
    "pathFormat": "path",
    "linesStartAt1": True,
    "columnsStartAt1": True,
    "supportsVariableType": True,
    "supportsVariablePaging": True,
    "supportsRunInTerminalRequest": True,
    "locale": "en",
    "supportsProgressReporting": True,
    "supportsInvalidatedEvent": True,
    "supportsMemoryReferences": True,
    "supportsArgsCanBeInterpretedByShell": True,
    "supportsMemoryEvent": True,
    "supportsANSIStyling": True,
}


class RequestFailed(Exception):
    """The adapter has answered with success: false. The text is what the editor would show."""


class Waited(AssertionError):
    """Something did not happen in time; the text has the transcript."""


class Session:
    """Reads its wire in a thread of its own and tells `on_event` and `on_request` what comes."""

    def __init__(
        self,
        wire: Wire,
        name: str,
        transcript: Transcript,
        *,
        on_event: Callable[[Session, str, Fields], None],
        on_request: Callable[[Session, str, Fields], bool],
        timeout: float,
    ) -> None:
        self.name = name
        self.initialized = threading.Event()
        self.configured = threading.Event()
        self.ended = threading.Event()
        self._wire = wire
        self._transcript = transcript
        self._on_event = on_event
        self._on_request = on_request
        self._timeout = timeout
        self._numbers = count(1)
        self._waiting: dict[int, Future[Fields]] = {}
        self._leaving = threading.Lock()
        threading.Thread(target=self._read, name=f"dap-{name}", daemon=True).start()

    def start(
        self, command: str, configuration: Mapping[str, Json], configure: Callable[[Session], None], client: Mapping[str, Json]
    ) -> None:
        """From `initialize` to the answer to `command` (attach or launch), in VS Code's order."""
        self.request("initialize", {**CLIENT, **client})
        answer = self.send(command, configuration)
        answer.add_done_callback(lambda _: self.initialized.set())  # an error comes instead of the event
        self._wait(self.initialized, f"the answer to {command} or the event initialized")
        if not answer.done():
            configure(self)
            self.request("configurationDone")
        self._result(answer, command)
        self.configured.set()

    def send(self, command: str, arguments: Mapping[str, Json] | None = None) -> Future[Fields]:
        """Sends a request; the future gets the complete response."""
        number = next(self._numbers)
        future: Future[Fields] = Future()
        self._waiting[number] = future
        self._transcript.note(self.name, f"-> {command} {dict(arguments or {})}")
        try:
            self._wire.send({"seq": number, "type": "request", "command": command, "arguments": dict(arguments or {})})
        except (OSError, ValueError) as error:
            _fail(future, f"{command}: {error}")
        if self.ended.is_set():
            _fail(future, f"{command}: the session has ended")
        return future

    def request(self, command: str, arguments: Mapping[str, Json] | None = None) -> Fields:
        """Sends a request and returns the body of its response. Raises RequestFailed, ConnectionError, Waited."""
        return self._result(self.send(command, arguments), command)

    def leave(self, *, restart: bool = False) -> None:
        """Disconnects as VS Code does: once per session, and the wire is closed only after the answer."""
        if not self._leaving.acquire(blocking=False):
            return
        with suppress(ConnectionError, RequestFailed):  # the adapter was quicker
            self.request("disconnect", {"restart": restart, "terminateDebuggee": False})
        self.close()

    def close(self) -> None:
        """Closes the wire without a word."""
        self._wire.close()

    def _result(self, future: Future[Fields], command: str) -> Fields:
        try:
            response = future.result(self._timeout)
        except FutureTimeout:
            raise self.waited(f"the answer to {command}") from None
        if response.flag("success"):
            return response.fields("body")
        error = response.fields("body").fields("error")
        raise RequestFailed(error.text("format") if error.flag("showUser") else response.text("message"))

    def _wait(self, event: threading.Event, what: str) -> None:
        if not event.wait(self._timeout):
            raise self.waited(what)

    def waited(self, what: str) -> Waited:
        return Waited(f"{self.name}: waited {self._timeout:.0f} s for {what}\n{self._transcript}")

    def _read(self) -> None:
        while (message := self._wire.receive()) is not None:
            self._transcript.note(self.name, f"<- {message.content}")
            match message.text("type"):
                case "response":
                    if (future := self._waiting.pop(message.number("request_seq"), None)) is not None:
                        future.set_result(message)
                case "event":
                    if message.text("event") == "initialized":
                        self.initialized.set()
                    self._on_event(self, message.text("event"), message.fields("body"))
                case "request":
                    self._answer(message)
        self._transcript.note(self.name, "closed")
        self.ended.set()
        for future in list(self._waiting.values()):
            _fail(future, f"{self.name}: closed by the adapter")

    def _answer(self, request: Fields) -> None:
        command = request.text("command")
        done = self._on_request(self, command, request.fields("arguments"))
        self._wire.send(
            {"seq": next(self._numbers), "type": "response", "request_seq": request.number("seq"), "command": command, "success": done}
        )


def _fail(future: Future[Fields], why: str) -> None:
    with suppress(InvalidStateError):  # it has its result already
        future.set_exception(ConnectionError(why))
