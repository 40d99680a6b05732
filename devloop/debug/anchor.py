"""The debuggee that never restarts. The editor's session is with this process; workers are announced as its children.

It reads the adapter's port from standard input, prints one line when the editor has configured the session, and ends when standard
input does. It debugs nothing of its own.
"""

from __future__ import annotations

import os
import sys

from devloop.debug.adapter import LOOPBACK
from devloop.debug.lifetime import end_with_parent, end_with_pipe, ignore_terminal_signals

CONFIGURED = "configured"


def main() -> None:
    """Connects to the adapter and lives until standard input ends."""
    end_with_parent()
    ignore_terminal_signals()
    import debugpy  # noqa: T100 - takes longest, so it comes before the port is known

    line = sys.stdin.buffer.readline()
    if not line:
        return
    supervisor = end_with_pipe(sys.stdin.buffer)
    debugpy.configure(subProcess=False)
    debugpy.connect((LOOPBACK, int(line)))  # returns when the editor has sent its breakpoints
    os.write(1, f"{CONFIGURED}\n".encode())
    supervisor.join()


if __name__ == "__main__":
    main()
