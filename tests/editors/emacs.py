"""A real Emacs with dap-mode: a daemon with a home of its own, in which a test evaluates the functions of emacs.el."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.editors.program import WITH_PARENT
from tests.support.waiting import until

LIBRARY = Path(__file__).with_name("emacs.el")
#: An evaluation only sends and reads a few messages.
_EVALUATION_SECONDS = 60
_END_SECONDS = 10


@dataclass(frozen=True)
class State:
    """What Emacs shows. The function is None while nothing is stopped."""

    stops: int
    sessions: list[str]
    function: str | None
    file: str
    line: int
    variables: dict[str, str]


class Emacs:
    """One running Emacs."""

    def __init__(self, process: subprocess.Popen[bytes], socket: Path, log: Path) -> None:
        self._process = process
        self._socket = socket
        self._log = log

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def is_ready(self) -> bool:
        assert self._process.poll() is None, f"Emacs has ended:\n{self.log}"
        return self._socket.exists()

    def call(self, function: str, *arguments: str | int) -> str:
        """Call one of the functions of emacs.el; returns what it returns, as Lisp prints it."""
        # Lisp reads strings and numbers as JSON writes them, as long as all characters are ASCII.
        expression = f"({' '.join([f'draft-queen-{function}', *map(json.dumps, arguments)])})"
        in_window = f"(with-current-buffer (window-buffer) {expression})"  # emacsclient has a buffer of its own
        command = ["emacsclient", f"--socket-name={self._socket}", "--eval", in_window]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=_EVALUATION_SECONDS, check=False)
        assert ended.returncode == 0, f"{expression}: {ended.stdout}{ended.stderr}\n{self.log}"
        return ended.stdout

    def state(self) -> State:
        return State(**json.loads(json.loads(self.call("state"))))

    def wait_stopped(self, stops: int) -> State:
        """Wait for this many stops, counted from the beginning, and until the place of the last one is shown."""
        seen = [self.state()]

        def is_shown() -> bool:
            seen.append(self.state())
            return seen[-1].stops == stops and seen[-1].function is not None

        until(is_shown, lambda: f"{seen[-1]}\n{self.log}", step=0.1)
        return seen[-1]


@contextmanager
def running_emacs(folder: Path) -> Iterator[Emacs]:
    """Run an Emacs with an empty home in ``folder`` for the length of the block."""
    home, socket, log = folder / "home", folder / "socket", folder / "emacs.log"
    home.mkdir(parents=True)
    folder.chmod(0o700)  # emacsclient insists on a folder that is the user's alone
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*WITH_PARENT, "emacs", f"--fg-daemon={socket}", "--no-init-file", f"--load={LIBRARY}"],
            cwd=home,
            env={**os.environ, "HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        emacs = Emacs(process, socket, log)
        try:
            until(emacs.is_ready, lambda: f"Emacs did not start:\n{emacs.log}", step=0.1)
            yield emacs
        finally:
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_END_SECONDS)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
