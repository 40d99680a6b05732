"""The command line as text: our own options, uvicorn's, and those in pyproject.toml.

uvicorn's are taken from its own command, so that they have its names, its checks and its help. Importing that takes as long as a small
application, so it is only done when one of them is used.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    import click

_USAGE = """devloop [module:attribute] [options]         an ASGI application, with uvicorn's options
       devloop run module:function [options]     a function that works until SIGTERM
       devloop doctor                            where the time of the last reloads went"""


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def __init__(self) -> None:
        super().__init__(
            prog="devloop", usage=_USAGE, allow_abbrev=False, argument_default=argparse.SUPPRESS, exit_on_error=False,
            description="Run code and replace it at every edit.",
            epilog="Every option may be set in pyproject.toml, below [tool.devloop]. The command line wins.",
        )  # fmt: skip
        self.add_argument("words", nargs="*", default=[], metavar="module:attribute", help="what to run, such as app.main:app")
        self.options = {name: action for action in _own(self) for name in action.option_strings}
        self.repeatable = {"watch", "include", "exclude", "locks"}

    def add_servers(self) -> None:
        """Add uvicorn's options that are not ours already."""
        import click
        from uvicorn.main import main

        group = self.add_argument_group("options of uvicorn")
        for option in main.params:
            if not isinstance(option, click.Option) or self.options.keys() & set(option.opts):
                continue
            add = partial(group.add_argument, *option.opts, dest=option.name, help=(option.help or "").replace("%", "%%"))
            if option.is_flag:
                action = add(action=argparse.BooleanOptionalAction if option.secondary_opts else "store_true")
            else:
                values = "|".join(map(str, option.type.choices)) if isinstance(option.type, click.Choice) else option.type.name.upper()
                action = add(type=partial(_converted, option), metavar=values, action="append" if option.multiple else "store")
                self.repeatable |= {option.name} if option.multiple else set()
            self.options |= dict.fromkeys(action.option_strings, action)

    def error(self, message: str) -> NoReturn:
        """End the program."""
        self.exit(2, f"devloop: {message}\n")

    def unknown(self, name: str) -> str:
        """Describe an option that does not exist."""
        import difflib

        near = difflib.get_close_matches(name, self.options, n=3)
        near.sort(key=lambda option: sorted(option) != sorted(name))  # two letters in the wrong order are the most frequent mistake
        return f"unknown option {name}" + (f"; did you mean {near[0]}?" if near else "; devloop --help lists all")


def given(arguments: list[str]) -> tuple[list[str], dict[str, object], Parser]:
    """Return the words, the options by their names (only those that were given), and the parser for further error messages."""
    from devloop.options import KINDS
    from devloop.table import ONLY_OF_APPLICATIONS, TARGETS, WITHOUT_EFFECT_WHEN_PLAIN, options_of_table, read_table

    parser = Parser()
    folder = _root(arguments)
    file, table = read_table(folder, parser)
    in_table = {f"--{key.replace('_', '-')}" for key in table}
    if any(name not in parser.options for name in {*_names(arguments), *in_table} - {f"--{key}" for key in TARGETS}) or {
        "-h",
        "--help",
    } & set(arguments):
        parser.add_servers()
    of_table = options_of_table(file, table, parser)
    try:
        found, rest = parser.parse_known_args(arguments)
    except argparse.ArgumentError as error:
        parser.error(f"{error.argument_name}: {error.message}")
    for argument in rest:
        if argument.startswith("-"):
            parser.error(parser.unknown(argument.partition("=")[0]))
    options: dict[str, object] = vars(found)
    words = [*found.words, *rest]
    del options["words"]
    if words and KINDS.get(words[0]) == "worker" and TARGETS.keys() & of_table.keys() != {"run"}:
        of_table = {name: value for name, value in of_table.items() if name not in ONLY_OF_APPLICATIONS}
    if sys.platform != "linux" or (of_table | options).get("plain"):
        of_table = {name: value for name, value in of_table.items() if name not in WITHOUT_EFFECT_WHEN_PLAIN}
    return words, of_table | options, parser


def _names(arguments: list[str]) -> list[str]:
    return [argument.partition("=")[0] for argument in arguments if argument.startswith("--")]


def _root(arguments: list[str]) -> Path:
    """Return the folder whose pyproject.toml counts: the one that the command line imports from if it has one, or the current one."""
    for number, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name in ("--root", "--app-dir"):
            folder = Path(value if equals else "".join(arguments[number + 1 : number + 2]))
            if (folder / "pyproject.toml").is_file():
                return folder
    return Path()


def _converted(option: click.Option, text: str) -> object:
    """Have uvicorn's own declaration of this option convert and check a value."""
    import click

    try:
        return option.type(text, option)
    except click.UsageError as error:
        raise argparse.ArgumentTypeError(error.message) from error


def _version() -> str:
    from importlib.metadata import version

    return f"devloop {version('asgi-devloop')}, uvicorn {version('uvicorn')}, Python {sys.version.split()[0]}"


class _Version(argparse.Action):
    """Looks the versions up when they are asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        print(_version())  # noqa: T201
        parser.exit()


def _own(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Declare the options that are ours, and those of uvicorn that are used most: these do not need uvicorn to be imported."""
    add = parser.add_argument
    yes_or_no = argparse.BooleanOptionalAction
    return [
        add("--host", help="the address to listen on (127.0.0.1)"),
        add("--port", type=int, help="0 takes any free port; the log says which (8000)"),
        add("--uds", type=Path, metavar="PATH", help="listen on a Unix socket instead"),
        add("--fd", type=int, help="number of an open, listening socket"),
        add("--factory", action="store_true", help="the target is a function that returns the application"),
        add("--app-dir", "--root", type=Path, dest="root", metavar="DIR", help="the folder that is imported from (here)"),
        add("--env-file", type=Path, metavar="FILE", help="a file with environment variables, which an edit applies"),
        add("--log-config", type=Path, metavar="FILE", help="a logging configuration for uvicorn: .ini, .json or .yaml"),
        add("--access-log", action=yes_or_no, help="log each request (yes, unless the target decides)"),
        add("--reload-dir", "--watch", type=Path, action="append", dest="watch", metavar="DIR",
            help="a folder with sources; may be given several times (the target's)"),
        add("--reload-include", "--include", action="append", dest="include", metavar="PATTERN",
            help="files to watch as well, such as '*.graphql' (again for more)"),
        add("--reload-exclude", "--exclude", action="append", dest="exclude", metavar="PATTERN",
            help="files or folders not to watch, such as 'app/cache' or '*.txt'"),
        add("--reload", action="store_true", help=argparse.SUPPRESS),
        add("--workers", type=int, help=argparse.SUPPRESS),
        add("--grace", "--timeout-graceful-shutdown", type=float, dest="grace", metavar="SECONDS",
            help="seconds that a replaced process may take to finish (5)"),
        add("--stop-first", action="store_true", help="end the old process before the new one starts: requests wait meanwhile"),
        add("--warm", action=yes_or_no, help="import ahead of an edit what does not depend on the files edited last (yes)"),
        add("--plain", action="store_true", help="restart an ordinary process at each edit, as on systems other than Linux"),
        add("--debug-port", type=int, help="where a debugger may attach (nowhere)"),
        add("--debug-host", help="the address of the debug port (127.0.0.1)"),
        add("--debug-port-hint", help=argparse.SUPPRESS),  # what to do when that port is taken
        add("--polling", choices=("auto", "on", "off"),
            help="compare all files several times a second instead of relying on file events (only where events do not arrive)"),
        add("--step", type=int, metavar="MILLISECONDS", help="the time between two looks at the system's file events (20)"),
        add("--lock", type=Path, action="append", dest="locks", metavar="FILE", help="a lock file of installed packages"),
        add("--install", help="the command that installs what the lock files name"),
        add("--ready-fd", type=int, help="number of an open pipe that gets a line when requests can be served"),
        add("--version", nargs=0, action=_Version, help="show the versions and exit"),
    ]  # fmt: skip
