"""``python -m devloop [asgi|worker] module:attribute``: run it, and replace it at every edit. See ``--help``.

Python 3.8 has to be able to parse this file, so that an old version gets an explanation.
"""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devloop.listener import Listener
    from devloop.options import Options
    from devloop.preload import Preload
    from devloop.processes import ChildProcess

_OLDEST = (3, 11)


def main() -> int:
    """Fork the zygote, send it the list of imports, and load the supervisor's own modules while it works on them."""
    if sys.version_info < _OLDEST:
        version = ".".join(map(str, sys.version_info[:3]))
        print("devloop: Python 3.11 or newer is needed, and this is Python " + version + ": " + sys.executable, file=sys.stderr)  # noqa: T201
        return 2
    if sys.platform != "linux":
        print("devloop: made for Linux, where containers run; use the development container, or a server's own reload.", file=sys.stderr)  # noqa: T201
        return 2
    zygote = None
    if len(sys.argv) > 1 and (sys.argv[1] in ("asgi", "worker") or ":" in sys.argv[1]):  # else it is only about help or a mistake
        from devloop.zygote import fork_zygote

        zygote = fork_zygote()

    from devloop.options import parse

    options = parse()
    if packages := not_installed(options):
        print(f"devloop: not installed: {', '.join(packages)}. Run: {sys.executable} -m pip install {' '.join(packages)}", file=sys.stderr)  # noqa: T201
        return 2
    if zygote is None:  # the options came first
        from devloop.zygote import fork_zygote

        zygote = fork_zygote()
    listener = None
    if options.kind == "asgi":
        from devloop.listener import Listener

        try:
            listener = Listener(listening_socket(options))
        except (OSError, OverflowError, UnicodeError) as error:  # the last two: no number of a port, no name of a host
            why = str(getattr(error, "strerror", None) or error).partition(" (while")[0]
            print(f"devloop: cannot listen on {options.host}:{options.port} ({why}): choose another --port.", file=sys.stderr)  # noqa: T201
            return 2

    from devloop.preload import Preload
    from devloop.terminal import standard_terminal
    from devloop.welcome import welcome
    from devloop.zygote import tell

    standard_terminal()  # now, because its modes may not be as they were when a prompt has been there
    preload = Preload(options)
    modules = preload.modules()
    if listener is not None and options.fd is None:  # with --fd, the program that listens announces the URL
        print(welcome(options, listener.socket.getsockname(), modules), file=sys.stderr, flush=True)  # noqa: T201
    tell(zygote[1], options, modules, listener)
    return supervise(options, preload, listener, zygote, modules)


def supervise(
    options: Options, preload: Preload, listener: Listener | None, zygote: tuple[ChildProcess, socket.socket], told: list[str]
) -> int:
    """Run the loop with a zygote that imports already; the exit code."""
    import asyncio

    from devloop.nursery import Zygote
    from devloop.supervisor import Supervisor

    async def run() -> None:
        await Supervisor(options, preload, listener).run(Zygote(options, *zygote, told))

    asyncio.run(run())
    return 0


def not_installed(options: Options) -> list[str]:
    """List the packages that these options need and that are not installed, by the names that pip knows."""
    from importlib.util import find_spec

    needed = {"watchfiles": "watchfiles"}
    if options.kind == "asgi":
        needed["uvicorn"] = "uvicorn"
    if options.debug_port is not None:
        needed["debugpy"] = "debugpy"
    if options.env_file is not None:
        needed["dotenv"] = "python-dotenv"
    return [package for module, package in needed.items() if find_spec(module) is None]


def listening_socket(options: Options) -> socket.socket:
    """The socket that stays open as long as we run, so that a request waits for new code and is never refused.

    Raises:
        OSError: the address is taken or not ours.
    """
    if options.fd is not None:
        return socket.socket(fileno=options.fd)
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    return socket.create_server((options.host, options.port), family=family, backlog=2048)


if __name__ == "__main__":
    sys.exit(main())
