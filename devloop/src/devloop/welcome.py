"""The first lines of the log: the URL, what is watched, what is preloaded, and, once its port listens, where a debugger can attach."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Sequence

from devloop.options import Options

#: More names than these are counted.
_MOST_NAMED = 6


def welcome(options: Options, listener: socket.socket | None, modules: Sequence[str]) -> list[str]:
    """Return the lines. ``listener`` is the socket that was bound, ``modules`` is what the zygote imports."""
    watched = ", ".join(os.path.relpath(folder) for folder in options.watch)
    return [
        f"running {'on ' + address(options, listener) if listener is not None else options.target} (press Ctrl-C to quit)",
        f"watching {'this folder' if watched == '.' else watched}; preloading {_packages(modules)}",
    ]


def debugger_line(host: str, port: int) -> str:
    """Return where a debugger can attach."""
    return f'a debugger can attach to {host}:{port} (VS Code: a launch configuration of the type "debugpy" with "request": "attach")'


def address(options: Options, listener: socket.socket) -> str:
    """Return where the socket really listens, in the form that a browser or curl takes."""
    if options.uds is not None:
        return f"unix socket {options.uds}"
    name = listener.getsockname()
    if not isinstance(name, tuple):  # a Unix socket that was passed with --fd
        return f"unix socket {os.fsdecode(name)}"
    host, port = name[:2]
    return f"{'https' if options.encrypted else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"


def _packages(modules: Sequence[str]) -> str:
    """Name the packages among these modules, without Python's own and this one."""
    tops = dict.fromkeys(name.partition(".")[0] for name in modules)
    names = [name for name in tops if name not in sys.stdlib_module_names and not name.startswith(("_", "devloop"))]
    if not names:
        return "Python's own modules (the next start also preloads the packages that the function imports)"
    if len(names) < 2:  # only the server: this is the first start here
        return f"{', '.join(names)} (the next start also preloads the packages that the application imports)"
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
