"""The listening socket: bound before anything else starts, so that a taken port is reported at once and a restart refuses no request."""

import errno
import socket
from collections.abc import Container, Iterable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Final

from app.errors import DraftQueenError
from app.settings import CHECKOUT

_LISTEN = "0A"
_NOT_OURS = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EINVAL}
_BACKLOG = 2048
#: Two adjacent arguments in the command line of a process that listens for `make run`: the launcher, and see cli.serve.loop.
_LAUNCHER: Final = ("dq", "serve")
_SERVING: Final = frozenset({_LAUNCHER, ("-m", "devloop"), ("-m", "app.server")})


class PortTaken(DraftQueenError):
    """Another program listens there."""

    exit_code = 2


def listen(host: str, port: int) -> socket.socket:
    """Return a listening TCP socket.

    Raises:
        PortTaken: naming the port, its holder when that is visible or this checkout, and a free port to use instead.
        DraftQueenError: the address is not one of this machine, or the port is for root only.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        # create_server raises a plain OSError instead of the resolver's error class, with the same number
        unknown = isinstance(error, socket.gaierror) or isinstance(error.__context__, socket.gaierror)
        if unknown or error.errno in _NOT_OURS:
            raise DraftQueenError(f"HOST={host} is not an address of this machine.", "Use HOST=127.0.0.1.") from error
        if error.errno == errno.EADDRINUSE:
            raise _taken(host, port) from error
        if error.errno == errno.EACCES:
            raise DraftQueenError(f"Port {port} needs root.", "Choose one above 1023: make run PORT=8000") from error
        raise


def _taken(host: str, port: int) -> PortTaken:
    another = f"choose another port: make run PORT={_free_port(host, port)}"
    if launcher := served_from(CHECKOUT, port):
        running = f"This checkout is already running at {url(host, port)}/ (process {launcher})."
        return PortTaken(running, f"Stop it with Ctrl-C in its terminal or `kill {launcher}`, or {another}")
    holder = holder_of(port)
    return PortTaken(f"Port {port} is taken{f' by {holder}' if holder else ''}.", f"Stop that program, or {another}")


def url(host: str, port: int) -> str:
    """Return the URL for a browser on this machine; every address (0.0.0.0, ::) includes the local one."""
    local = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - shown, not bound
    return f"http://{f'[{local}]' if ':' in local else local}:{port}"


def is_free(host: str, port: int) -> bool:
    """Check that the port is free now."""
    try:
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
            return True
    except OSError:
        return False


def _free_port(host: str, taken: int) -> int:
    """Find a free port near the taken one."""
    return next((port for port in range(taken + 1, min(taken + 100, 65536)) if is_free(host, port)), 8010)


def holder_of(port: int) -> str | None:
    """Describe the program that listens on the port as ``name (process 123)``; None when this user may not see it."""
    return next(names_of(listeners(port)), None)


def names_of(processes: Iterable[Path]) -> Iterator[str]:
    """Yield the processes as ``name (process 123)``."""
    for process in processes:
        with suppress(OSError):  # it has ended since
            yield f"{(process / 'comm').read_text().strip()} (process {process.name})"


def served_from(checkout: Path, port: int) -> int | None:
    """Return the process of this checkout's own ``make run`` that listens there, the launcher before its children; None without one."""
    found = {int(process.name): pairs for process in listeners(port) if not _SERVING.isdisjoint(pairs := _arguments(process, checkout))}
    return next((number for number, pairs in found.items() if _LAUNCHER in pairs), next(iter(found), None))


def _arguments(process: Path, checkout: Path) -> set[tuple[str, str]]:
    """Return the pairs of adjacent arguments of a process that runs in the checkout's folder; none for any other."""
    try:
        arguments = (process / "cmdline").read_text(errors="replace").split("\0")
        here = (process / "cwd").samefile(checkout)
    except OSError:  # it has ended, or is not accessible
        return set()
    return {(Path(first).name, second) for first, second in pairwise(arguments)} if here else set()


def listeners(port: int) -> Iterator[Path]:
    """Yield the processes that have the listening socket open; see ``having_open``."""
    inodes = {f"socket:[{inode}]" for table in ("/proc/net/tcp", "/proc/net/tcp6") for inode in _listening_inodes(Path(table), port)}
    return having_open(inodes)


def having_open(targets: Container[str]) -> Iterator[Path]:
    """Yield the processes that have one of the files or sockets open, as folders of ``/proc``, as far as this user may see them."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if any(_target(link) in targets for link in (process / "fd").iterdir()):
                yield process


def _target(link: Path) -> str:
    """Return what an open file of a process refers to; empty if it has been closed since it was listed."""
    try:
        return str(link.readlink())
    except OSError:
        return ""


def _listening_inodes(table: Path, port: int) -> list[str]:
    """Return the inodes of the kernel's listening sockets on the port."""
    try:
        rows = [line.split() for line in table.read_text().splitlines()[1:]]
    except OSError:
        return []
    return [row[9] for row in rows if row[3] == _LISTEN and int(row[1].rpartition(":")[2], 16) == port]
