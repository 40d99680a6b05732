"""``[tool.devloop]`` in pyproject.toml: any option by its long name, with ``-`` or ``_``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devloop.arguments import Parser

_FILE = "pyproject.toml"
#: What ``devloop`` and ``devloop run`` run when they are not given anything, with examples.
TARGETS = {"target": "app.main:app", "run": "jobs:main"}
#: Options in the table that ``devloop run`` does not take if the table is about an application, whose ports and socket are in use then.
ONLY_OF_APPLICATIONS = frozenset({"host", "port", "uds", "debug_port"})
#: Options in the table that a plain reload ignores: it is also used where the loop can fork.
WITHOUT_EFFECT_WHEN_PLAIN = frozenset({"debug_port", "polling", "locks", "install", "warm", "stop_first"})
#: Options that are different in each run, or that end the program.
_ONLY_COMMAND_LINE = frozenset({"version", "fd", "ready_fd", "debug_port_hint"})
#: Options of uvicorn that are paths and that it declares as text.
_PATHS = frozenset({"ssl_keyfile", "ssl_certfile", "ssl_ca_certs"})


def read_table(folder: Path, parser: Parser) -> tuple[Path, dict[str, object]]:
    """Return the file and the table; an empty one when there is none. A file that cannot be parsed ends the program."""
    file = folder / _FILE
    try:
        text = file.read_bytes()
    except OSError:
        return file, {}
    if b"tool.devloop" not in text:  # most projects: parsing takes longer than this
        return file, {}
    import tomllib

    try:
        table = tomllib.loads(text.decode()).get("tool", {}).get("devloop", {})
    except ValueError as error:
        parser.error(f"{file} is not valid TOML: {error}")
    if not isinstance(table, dict):
        parser.error(f"{file}: [tool.devloop] is not a table")
    return file, table


def options_of_table(file: Path, table: dict[str, object], parser: Parser) -> dict[str, object]:
    """Return the options in the table as the command line would have them; the first one that cannot be used ends the program."""
    found: dict[str, object] = {}
    for key, value in table.items():
        if key in TARGETS:
            if not isinstance(value, str):
                parser.error(f"{file}: {key} in [tool.devloop] has to be a string such as {TARGETS[key]!r}")
            found[key] = value
            continue
        name = f"--{key.replace('_', '-')}"
        action = parser.options.get(name)
        if action is None:
            parser.error(f"{file}: {key} in [tool.devloop]: {parser.unknown(name).replace('--', '')}")
        if action.dest in _ONLY_COMMAND_LINE:
            parser.error(f"{file}: {key} cannot be set in [tool.devloop]: give it on the command line")
        arguments = _arguments(name, action, value, file.parent, repeatable=action.dest in parser.repeatable)
        if isinstance(arguments, str):
            parser.error(f"{file}: {key} in [tool.devloop] has to be {arguments}, not {value!r}")
        try:
            parsed = vars(parser.parse_args(arguments))
        except argparse.ArgumentError as error:
            parser.error(f"{file}: {key} in [tool.devloop]: {error.message}")
        found |= {name: value for name, value in parsed.items() if name != "words"}
    return found


def _arguments(name: str, action: argparse.Action, value: object, folder: Path, *, repeatable: bool) -> list[str] | str:
    """Return the equivalent arguments, or what the value has to be instead. Paths are relative to the file's folder."""
    if action.nargs == 0:
        if not isinstance(value, bool):
            return "true or false"
        if isinstance(action, argparse.BooleanOptionalAction):
            plain = name.removeprefix("--no-").removeprefix("--")
            return [f"--{plain}" if value != name.startswith("--no-") else f"--no-{plain}"]
        return [name] if value else []
    values = value if isinstance(value, list) else [value]
    if isinstance(value, list) and not repeatable:
        return "one value"
    if not all(isinstance(part, str | int | float) for part in values):
        return "text or a number"
    if action.type is int and any(isinstance(part, bool) or not isinstance(part, int) for part in values):
        return "a whole number"
    is_path = action.type is Path or action.dest in _PATHS
    texts = [str(folder / str(part)) if is_path else str(part) for part in values]
    return [f"{name}={text}" for text in texts]
