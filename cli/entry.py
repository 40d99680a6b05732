"""The first thing ``dq`` runs: answers ``dq --help`` from text alone, and leaves everything else to ``cli.main``.

Click takes four times as long to import as Python takes to start, and the list of commands needs nothing of it. A test holds this text
equal to what click would print.
"""

import os
import sys

from cli.commands import ABOUT, COMMANDS


def help_text() -> str:
    """What ``dq --help`` prints."""
    width = max(map(len, COMMANDS))
    about = "".join(f"  {line}\n" if line else "\n" for line in ABOUT.splitlines())
    commands = "".join(f"  {name:<{width}}  {text}\n" for name, text in COMMANDS.items())
    return f"Usage: dq [OPTIONS] COMMAND [ARGS]...\n\n{about}\nOptions:\n  -h, --help  Show this message and exit.\n\nCommands:\n{commands}"


def _open_what_is_closed() -> None:
    """Give ``dq ... >&-`` somewhere to write: else the next file or connection that is opened would take the place of the output."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # the lowest free number is the closed one
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - for good


def main() -> None:
    """Entry point of ``dq``."""
    _open_what_is_closed()
    if sys.argv[1:] in (["--help"], ["-h"]):
        try:
            sys.stdout.write(help_text())
            sys.stdout.flush()
        except BrokenPipeError:  # `dq --help | head`: the reader has enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return
        except OSError:
            pass  # click is about to meet the same, and says it in a sentence
        else:
            return
    try:
        from cli.main import main as dispatch
    except KeyboardInterrupt:  # of somebody who changed his mind at once
        sys.stderr.write("\nInterrupted.\n")
        sys.exit(130)
    dispatch()


if __name__ == "__main__":
    main()
