"""``devloop module:attribute``: run it, and replace it at every edit. See ``--help``.

Python 3.8 has to be able to parse this file, so that an old version gets an explanation.
"""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

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
    if sys.argv[1:2] == ["doctor"]:
        from devloop.doctor import main as doctor

        return doctor(sys.argv[2:])
    if not sys.flags.safe_path:
        sys.path[0] = os.getcwd()  # noqa: PTH109 - as with python -m, and as in the zygotes that are started later
    zygote = None
    first = sys.argv[1] if len(sys.argv) > 1 else ""
    if sys.platform == "linux" and "--plain" not in sys.argv and (first in ("asgi", "run", "worker") or ":" in first):
        from devloop.zygote import fork_zygote

        zygote = fork_zygote()  # else it is about help or a mistake, or the options have to be known first

    from devloop.log import say
    from devloop.options import parse

    options = parse()
    if packages := not_installed(options):
        say(f"not installed: {', '.join(packages)}. Run: {sys.executable} -m pip install {' '.join(packages)}")
        return 2
    if problem := unusable_certificate(options):  # before the socket is bound, which may leave a file
        more = "" if "ssl_keyfile" in options.server else " If the private key is in another file, name it with --ssl-keyfile."
        say(f"--ssl-certfile or --ssl-keyfile cannot be used ({problem}).{more}")
        return 2
    try:
        listener = listening_socket(options) if options.kind == "asgi" else None
    except (OSError, OverflowError, UnicodeError) as error:  # the last two: not a port number, not a host name
        why = str(getattr(error, "strerror", None) or error).partition(" (while")[0]
        say(f"cannot listen on {where(options, why)}.")
        return 2
    bound = None if listener is None or options.fd is not None or options.uds is None else options.uds
    bound_as = None if bound is None else bound.stat().st_ino
    plain = options.plain or sys.platform != "linux"
    if zygote is not None and (plain or "uvicorn" in sys.modules):  # one that is forked now has what the options had imported
        end_unused(*zygote)
        zygote = None
    try:
        if plain:
            from devloop.plain import run_plainly

            return run_plainly(options, listener)
        return run_loop(options, listener, zygote)
    finally:
        with suppress(FileNotFoundError):
            if bound is not None and bound.stat().st_ino == bound_as:  # another program may have bound that path since
                bound.unlink()


def where(options: Options, why: str) -> str:
    """Describe what cannot be listened on, why, and which option to change."""
    if options.fd is not None:
        return f"--fd {options.fd} ({why}): pass the number of an open, listening socket"
    if options.uds is not None:
        return f"{options.uds} ({why}): choose another --uds"
    return f"{options.host}:{options.port} ({why}): choose another --port"


def run_loop(options: Options, sock: socket.socket | None, zygote: tuple[ChildProcess, socket.socket] | None) -> int:
    """Send the zygote the list of imports, and keep the loop running; the exit code."""
    if zygote is None:
        from devloop.zygote import fork_zygote

        zygote = fork_zygote()
    from devloop.listener import Listener
    from devloop.log import say
    from devloop.preload import Preload
    from devloop.terminal import standard_terminal
    from devloop.welcome import welcome
    from devloop.zygote import tell

    standard_terminal()  # now, because its modes may not be as they were when a prompt has been there
    preload = Preload(options)
    modules = preload.modules()
    if options.fd is None:  # with --fd, the program that listens announces the URL
        for line in welcome(options, sock, modules):
            say(line)
    listener = None if sock is None else Listener(sock)
    tell(zygote[1], options, modules, listener)
    return supervise(options, preload, listener, zygote, modules)


def end_unused(zygote: ChildProcess, channel: socket.socket) -> None:
    """End a zygote that has not been asked to import anything."""
    channel.close()
    zygote.signal(signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(zygote.pid, 0)


def supervise(
    options: Options, preload: Preload, listener: Listener | None, zygote: tuple[ChildProcess, socket.socket], requested: list[str]
) -> int:
    """Run the loop with a zygote that imports already; the exit code."""
    import asyncio

    from devloop.nursery import Zygote
    from devloop.supervisor import Supervisor

    async def run() -> None:
        await Supervisor(options, preload, listener).run(Zygote(options, *zygote, requested))

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
    """Return the socket that stays open as long as we run, so that requests wait for new code and are never refused.

    Raises:
        OSError: the address is taken or not ours.
    """
    if options.fd is not None:
        return socket.socket(fileno=options.fd)
    if options.uds is not None:
        return unix_socket(options.uds)
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    return socket.create_server((options.host, options.port), family=family, backlog=int(str(options.server.get("backlog", 2048))))


def unix_socket(path: Path) -> socket.socket:
    """Listen on a Unix socket that every user of this machine may use, as uvicorn does; an abandoned one is replaced.

    Raises:
        OSError: another program listens there, or the path cannot be used.
    """
    listener = socket.socket(socket.AF_UNIX)
    if path.is_socket():
        try:
            listener.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
        else:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        listener.close()
        listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    path.chmod(0o666)
    listener.listen(2048)
    return listener


def unusable_certificate(options: Options) -> str | None:
    """Explain why the certificate options do not work; checked at the start, because every process would fail."""
    if not options.encrypted or options.kind != "asgi":
        return None
    from devloop.worker.configuration import encryption

    try:
        encryption(options.server)
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", None) or getattr(error, "strerror", None) or error)
    return None


if __name__ == "__main__":
    sys.exit(main())
