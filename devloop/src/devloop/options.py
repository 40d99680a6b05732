"""The command line's options."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["asgi", "worker"]
Polling = Literal["auto", "on", "off"]
KINDS: tuple[Kind, ...] = ("asgi", "worker")


@dataclass(frozen=True, slots=True)
class Options:
    """What to run and how.

    ``target`` is ``module:attribute``: an ASGI application, a function that returns one or a ``uvicorn.Config``, or (kind ``worker``) a
    function that works until SIGTERM. With ``factory`` the target is called, whatever it looks like. With ``stop_first`` the old process
    ends before the new one starts. ``watch`` are the folders with its sources, ``root`` the folder that is imported from. Files there count
    that are code or data by their suffix or match ``include``, and do not match ``exclude``. ``fd`` is a listening socket that another
    process holds, ``ready_fd`` a pipe that gets a line when the first request can be answered. ``grace`` is how many seconds a replaced
    process may take to finish; ``locks`` are files that name the exact versions of installed packages, and ``install`` is the command that
    installs them. ``access_log`` None leaves it to the target: on, unless it is a ``uvicorn.Config`` that says otherwise. ``log_config`` is
    a file for uvicorn's logging; the variables in ``env_file`` are set before anything is imported.
    """

    kind: Kind
    target: str
    root: Path
    watch: tuple[Path, ...]
    host: str = "127.0.0.1"
    port: int = 8000
    fd: int | None = None
    ready_fd: int | None = None
    debug_host: str = "127.0.0.1"
    debug_port: int | None = None
    debug_cure: str = "set another port"
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    polling: Polling = "auto"
    warm: bool = True
    factory: bool = False
    stop_first: bool = False
    step: int = 20
    grace: float = 5.0
    locks: tuple[Path, ...] = ()
    install: str = ""
    access_log: bool | None = None
    log_config: str | None = None
    env_file: Path | None = None

    @property
    def serves(self) -> str:
        """What runs here, in a sentence."""
        return "the API" if self.kind == "asgi" else f"the {self.target.partition(':')[0].split('.')[0]}"

    @property
    def state(self) -> Path:
        """Where the loop keeps what it has learned; can be deleted at any time."""
        return self.root / ".cache" / "devloop"


def parse(arguments: list[str] | None = None) -> Options:
    """Options from the command line; ends the program with a sentence when they make no sense."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if is_bare(arguments):
        arguments = ["asgi", *arguments]
    parser = argparse.ArgumentParser(prog="python -m devloop", description="Run code and replace it at every edit.")
    parser.add_argument("kind", choices=KINDS, help="an application that responds to requests (may be left out), or a function that works")
    parser.add_argument("target", help="module:attribute")
    parser.add_argument("--root", "--app-dir", type=Path, default=Path(), help="the folder that is imported from (here)")
    parser.add_argument("--watch", type=Path, action="append", help="a folder with sources; may be given several times (the target's)")
    parser.add_argument("--include", action="append", default=[], help="files to watch as well, such as '*.graphql' (again for more)")
    parser.add_argument("--exclude", action="append", default=[], help="files or folders not to watch, such as 'app/cache' or '*.txt'")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000, help="0 takes any free port; the log says which (8000)")
    parser.add_argument("--fd", type=int, help="number of an open, listening socket")
    parser.add_argument("--ready-fd", type=int, help="number of an open pipe that is told when requests are answered")
    parser.add_argument("--debug-host", default="127.0.0.1")
    parser.add_argument("--debug-port", type=int, help="where a debugger may attach (nowhere)")
    parser.add_argument("--debug-cure", default="set another port", help="what to say when that port is taken")
    parser.add_argument(
        "--polling",
        choices=("auto", "on", "off"),
        default="auto",
        help="compare all files several times a second instead of relying on file events (only where events do not arrive)",
    )
    parser.add_argument("--factory", action="store_true", help="the target is a function that returns the application")
    parser.add_argument("--stop-first", action="store_true", help="end the old process before the new one starts: requests wait meanwhile")
    parser.add_argument("--no-warm", dest="warm", action="store_false", help="import nothing ahead of an edit")
    parser.add_argument("--step", type=int, default=20, help="milliseconds between two looks at what the system has told of edits")
    parser.add_argument("--grace", type=float, default=5.0, help="seconds that a replaced process may take to finish")
    parser.add_argument("--access-log", action=argparse.BooleanOptionalAction, help="log each request (yes, unless the target decides)")
    parser.add_argument("--log-config", type=Path, help="a logging configuration for uvicorn: .ini, .json or .yaml")
    parser.add_argument("--env-file", type=Path, help="a file with environment variables, which an edit applies")
    parser.add_argument("--lock", type=Path, action="append", default=[], dest="locks", help="a lock file of installed packages")
    parser.add_argument("--install", default="", help="the command that installs what the lock files name")
    found = parser.parse_args(arguments)
    module, separator, attribute = found.target.partition(":")
    if not (module and separator and attribute):
        parser.error(f"{found.target!r} is not module:attribute, as in app.main:app")
    for name in ("port", "debug_port"):
        number = getattr(found, name)
        if number is not None and not 0 <= number <= 65535:
            parser.error(f"--{name.replace('_', '-')} {number} is no port: 1 to 65535, or 0 for any free one")
    for name in ("log_config", "env_file"):
        file = getattr(found, name)
        if file is not None and not file.is_file():
            parser.error(f"--{name.replace('_', '-')}: there is no file {file}")
    root = found.root.resolve()
    top = root / module.split(".")[0]
    watch = tuple(path.resolve() for path in found.watch or ([top] if top.is_dir() else [root]))
    for folder in watch:
        if not folder.is_dir():
            parser.error(f"there is no folder {folder} to watch")
    more = {
        "root": root,
        "watch": watch,
        "locks": tuple((root / path).resolve() for path in found.locks),
        "include": tuple[str, ...](found.include),
        "exclude": tuple[str, ...](found.exclude),
        "log_config": None if found.log_config is None else str(found.log_config.resolve()),
        "env_file": None if found.env_file is None else found.env_file.resolve(),
    }
    return Options(**vars(found) | more)


def is_bare(arguments: list[str]) -> bool:
    """Whether the command line is written as for uvicorn, without the kind."""
    return bool(arguments) and (":" in arguments[0] or (arguments[0].startswith("-") and not set(KINDS) & set(arguments)))
