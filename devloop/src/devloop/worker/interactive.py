"""Python's own debugger on a terminal that is lent. Imported at the first ``breakpoint()``: few processes ever need it."""

from __future__ import annotations

import pdb  # noqa: T100 - the debugger itself

from devloop.worker.prompt import Leave, Prompt


class TerminalPdb(pdb.Pdb):
    """Holds the terminal only while it waits for commands. Ctrl-C ends the loop, as it ends a server."""

    def __init__(self, prompt: Prompt, header: object = None) -> None:
        super().__init__(nosigint=True)
        self._prompt = prompt
        self._asks = False
        self._before = [] if header is None else [str(header)]  # what belongs above the next prompt, such as --Return--

    def message(self, msg: str) -> None:
        """Show this on the terminal, as soon as it is there."""
        if self._asks:
            self.stdout.write(f"{msg}\n")  # in one piece, so that no line of the log comes between the text and its end
        else:
            self._before.append(msg)

    def interaction(self, *arguments: object) -> None:
        """Ask for commands."""
        if self._prompt.leaving:
            self.set_continue()
            return
        try:
            with self._prompt.terminal():
                self._asks = True
                while self._before:
                    self.message(self._before.pop(0))
                self._ask(*arguments)
        except Leave:  # before the terminal was ours
            self.set_continue()
        finally:
            self._asks = False

    def _ask(self, *arguments: object) -> None:
        try:
            super().interaction(*arguments)  # type: ignore[arg-type]
        except Leave:
            self.message("\n--the debugger leaves: this process is replaced or stopped--")
            self.set_continue()

    def postcmd(self, stop: bool, line: str) -> bool:
        """Leave after a command that has swallowed the wish to."""
        if self._prompt.leaving and not stop:
            raise Leave
        return super().postcmd(stop, line)
