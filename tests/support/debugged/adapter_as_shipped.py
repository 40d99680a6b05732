"""The adapter without its prompt sockets, to compare with: messages of a debuggee wait for the kernel."""

from __future__ import annotations

import socket

from devloop.debug import adapter

if __name__ == "__main__":
    vars(adapter)["PromptSocket"] = socket.socket
    adapter.main()
