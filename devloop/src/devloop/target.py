"""What to run when nothing is said: what ``fastapi dev`` would find."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import NamedTuple

CANDIDATES = ("main.py", "app.py", "api.py", "app/main.py", "app/app.py", "app/api.py")
_NAMES = ("app", "api")


class Place(NamedTuple):
    """An application: the folder that it is imported from, and ``module:attribute``."""

    root: Path
    target: str


def discovered(folder: Path) -> Place | None:
    """Return the entry point that pyproject.toml has for ``fastapi``, or the first candidate that defines ``app`` or ``api``."""
    if entry := _entry_point(folder / "pyproject.toml"):
        return Place(folder, entry)
    for candidate in CANDIDATES:
        file = folder / candidate
        names = _defined(file)
        for name in _NAMES:
            if name in names:
                return _place(folder, file, name)
    return None


def _place(folder: Path, file: Path, name: str) -> Place:
    """Import a module in a package by the package's name, and any other one from its own folder."""
    if file.parent == folder or (file.parent / "__init__.py").is_file():
        return Place(folder, ".".join(file.relative_to(folder).with_suffix("").parts) + f":{name}")
    return Place(file.parent, f"{file.stem}:{name}")


def _entry_point(file: Path) -> str | None:
    try:
        entry = tomllib.loads(file.read_text()).get("tool", {}).get("fastapi", {}).get("entrypoint")
    except (OSError, ValueError, AttributeError):
        return None
    return entry if isinstance(entry, str) else None


def _defined(file: Path) -> set[str]:
    """Return the names that the module's own statements define; it is not imported for this."""
    try:
        source = file.read_bytes()
    except OSError:
        return set()
    try:
        statements = ast.parse(source).body
    except (SyntaxError, ValueError):  # reported when it is started
        return set(re.findall(r"^(?:async def |def )?(\w+)", source.decode(errors="replace"), re.MULTILINE))
    found: set[str] = set()
    for statement in statements:
        match statement:
            case ast.Assign(targets=targets):
                found.update(target.id for target in targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.ImportFrom(names=aliases):
                found.update(alias.asname or alias.name for alias in aliases)
            case _:
                pass
    return found
