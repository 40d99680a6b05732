"""The first thing ``dq`` runs: prepares for closed streams and an early Ctrl-C, and leaves everything else to ``cli.main``."""

import os
import sys


def _open_what_is_closed() -> None:
    """Give ``dq ... >&-`` somewhere to write: else the next file or connection that is opened would take the place of the output."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # the lowest free number is the closed one
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - for good


def main() -> None:
    """Run ``dq``."""
    _open_what_is_closed()
    try:
        from cli.main import main as dispatch
    except KeyboardInterrupt:  # a Ctrl-C right after the start
        sys.stderr.write("\nInterrupted.\n")
        sys.exit(130)
    dispatch()


if __name__ == "__main__":
    main()
