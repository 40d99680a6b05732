"""What to run and how: the options of the command line and of ``[tool.devloop]`` in pyproject.toml."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from devloop.log import say

if TYPE_CHECKING:
    from devloop.arguments import Parser

Kind = Literal["asgi", "worker"]
Polling = Literal["auto", "on", "off"]
#: A value of ``uvicorn.Config``, as the command line has them.
Setting = str | int | float | bool | list[str] | list[list[str]] | None
#: The words that may stand before the target. Without one it is an application.
KINDS: Mapping[str, Kind] = {"run": "worker", "worker": "worker", "asgi": "asgi"}
_PORTS = ("port", "debug_port")
#: Options of uvicorn that have no effect here, and why.
_WITHOUT_EFFECT = {
    "reload": "--reload is not needed: every edit starts a reload",
    "reload_delay": "--reload-delay has no effect: edits are not collected for a while",
    "workers": "--workers has no effect: one process responds in development",
    "timeout_worker_healthcheck": "--timeout-worker-healthcheck has no effect: one process responds in development",
    "limit_max_requests": "--limit-max-requests has no effect: a process is replaced at every edit, not after a number of requests",
    "limit_max_requests_jitter": "--limit-max-requests-jitter has no effect: --limit-max-requests has none",
}


@dataclass(frozen=True, slots=True)
class Options:
    """What to run and how.

    ``target`` is ``module:attribute``: an ASGI application, a function that returns one or a ``uvicorn.Config``, or (kind ``worker``) a
    function that works until SIGTERM. With ``factory`` the target is called, whatever it looks like. With ``stop_first`` the old process
    ends before the new one starts. With ``plain`` every edit restarts an ordinary process and nothing is kept in memory. ``watch`` are the
    folders with its sources, ``root`` the folder that is imported from. Files there count that are code or data by their suffix or match
    ``include``, and do not match ``exclude``. ``uds`` is the path of a Unix socket to listen on instead of ``host`` and ``port``, ``fd`` a
    listening socket that another process holds, ``ready_fd`` a pipe that gets a line when the first request can be answered. ``grace`` is
    how many seconds a replaced process may take to finish; ``locks`` are files that name the exact versions of installed packages, and
    ``install`` is the command that installs them. The variables in ``env_file`` are set before anything is imported. ``server`` are
    settings of ``uvicorn.Config`` by their names, as far as they were given; they win over those of a target that is a ``uvicorn.Config``.
    """

    kind: Kind
    target: str
    root: Path
    watch: tuple[Path, ...]
    host: str = "127.0.0.1"
    port: int = 8000
    uds: Path | None = None
    fd: int | None = None
    ready_fd: int | None = None
    debug_host: str = "127.0.0.1"
    debug_port: int | None = None
    debug_port_hint: str = "set another port"
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    polling: Polling = "auto"
    warm: bool = True
    factory: bool = False
    stop_first: bool = False
    plain: bool = False
    step: int = 20
    grace: float = 5.0
    locks: tuple[Path, ...] = ()
    install: str = ""
    env_file: Path | None = None
    server: Mapping[str, Setting] = field(default_factory=dict)

    @property
    def serves(self) -> str:
        """What runs here, in a sentence."""
        return "the API" if self.kind == "asgi" else f"the {self.target.partition(':')[0].split('.')[0]}"

    @property
    def state(self) -> Path:
        """Where the loop keeps what it has learned; can be deleted at any time."""
        return self.root / ".cache" / "devloop"

    @property
    def encrypted(self) -> bool:
        """Whether requests come over TLS."""
        return "ssl_certfile" in self.server


def parse(arguments: list[str] | None = None) -> Options:
    """Parse options from the command line and pyproject.toml; exit with an error message if they are invalid."""
    from devloop.arguments import given

    words, found, parser = given(sys.argv[1:] if arguments is None else arguments)
    kind: Kind = KINDS[words.pop(0)] if words and words[0] in KINDS else "asgi"
    table_target, table_function = found.pop("target", None), found.pop("run", None)
    if not words and (kind == "worker" or table_target is None) and table_function is not None:
        kind, words = "worker", [str(table_function)]
    elif not words and kind == "asgi":
        words = _target(parser, found, table_target)
    if not words:
        parser.error(
            "say which function to run, as in devloop run package.module:function, "
            'or set run = "package.module:function" below [tool.devloop] in pyproject.toml'
        )
    target, *surplus = words
    module, separator, attribute = target.partition(":")
    if not (module and separator and attribute):
        parser.error(f"{target!r} is not module:attribute, as in app.main:app")
    if surplus:
        parser.error(f"unexpected argument {surplus[0]!r} after {target}")
    for name in [name for name in _WITHOUT_EFFECT if name in found]:
        del found[name]
        say(f"{_WITHOUT_EFFECT[name]}.")
    _check(parser, found)
    if (
        kind == "asgi"
        and found.get("debug_port", 0)
        and found["debug_port"] == found.get("port", 8000)
        and not {"fd", "uds"} & found.keys()
    ):
        parser.error(f"--debug-port {found['debug_port']} is the port of the application: choose another one")
    own = {field.name for field in fields(Options)}
    root = _path(found.pop("root", Path())).resolve()
    watch = _watched(parser, found.pop("watch", None), root, module)
    server = cast("dict[str, Setting]", {name: value for name, value in found.items() if name not in own})
    known: dict[str, object] = {name: value for name, value in found.items() if name in own}
    known["locks"] = tuple(_path(path).resolve() for path in _list(known.get("locks", [])))
    known |= {name: tuple(map(str, _list(known[name]))) for name in ("include", "exclude") if name in known}
    known |= {name: _path(known[name]).resolve() for name in ("uds", "env_file") if name in known}
    return Options(kind, target, root, watch, **known, server=server)  # type: ignore[arg-type] # the parser has checked the types


def _target(parser: Parser, found: dict[str, object], of_table: object) -> list[str]:
    """Return the target that pyproject.toml names, or that ``fastapi dev`` would find; sets the root folder that goes with it."""
    if of_table is not None:
        return [str(of_table)]
    from devloop.target import CANDIDATES, discovered

    place = discovered(_path(found.get("root", Path())))
    if place is None:
        parser.error(
            'say what to run, as in devloop app.main:app, or set target = "app.main:app" below [tool.devloop] in pyproject.toml '
            f"(there is no app or api in {', '.join(CANDIDATES)})"
        )
    found["root"] = place.root
    return [place.target]


def _check(parser: Parser, found: dict[str, object]) -> None:
    """End the program when a value cannot be used, and bring the rest into the form that uvicorn takes."""
    for name in _PORTS:
        number = found.get(name)
        if isinstance(number, int) and not 0 <= number <= 65535:
            parser.error(f"--{name.replace('_', '-')} {number} is not a valid port: 1 to 65535, or 0 for any free one")
    for name in ("log_config", "env_file", "ssl_keyfile", "ssl_certfile", "ssl_ca_certs"):
        if name in found and not _path(found[name]).is_file():
            parser.error(f"--{name.replace('_', '-')}: there is no file {found[name]}")
    for lock in _list(found.get("locks", [])):
        if not _path(lock).is_file():
            parser.error(f"--lock: there is no file {lock}")
    if "log_config" in found:
        found["log_config"] = str(_path(found["log_config"]).resolve())
    if "ssl_keyfile" in found and "ssl_certfile" not in found:
        parser.error("--ssl-keyfile needs --ssl-certfile")
    headers = [header.partition(":") for header in map(str, _list(found.get("headers", [])))]
    for name, colon, _ in headers:
        if not colon:
            parser.error(f"--header {name!r} is not name:value")
    if headers:
        found["headers"] = [[name, value.strip()] for name, _, value in headers]


def _watched(parser: Parser, folders: object, root: Path, module: str) -> tuple[Path, ...]:
    top = root / module.split(".")[0]
    found = [root] if not top.is_dir() else [top, *(folder for folder in source_folders(root) if folder != top)]
    watch = tuple(_path(path).resolve() for path in _list(folders or found))
    for folder in watch:
        if not folder.is_dir():
            parser.error(f"there is no folder {folder} to watch")
    return watch


def source_folders(root: Path) -> list[Path]:
    """Return the folders in the root folder that have Python files, templates or static files; not those of tools and environments."""
    from watchfiles import DefaultFilter

    inner = [folder for folder in root.iterdir() if folder.is_dir() and not folder.name.startswith(".")]
    wanted = [folder for folder in inner if folder.name in ("templates", "static") or any(folder.glob("*.py"))]
    return sorted(folder for folder in wanted if folder.name not in DefaultFilter.ignore_dirs)


def _path(value: object) -> Path:
    return value if isinstance(value, Path) else Path(str(value))


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]
