"""The object that ``module:attribute`` names."""

from __future__ import annotations

import importlib
import sys


def load(target: str) -> object:
    """Import the module and return the attribute, which may be dotted.

    Raises:
        SystemExit: with a message, when there is no such module or attribute.
    """
    module, _, attribute = target.partition(":")
    try:
        found: object = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise  # it is there, and what it imports is not
        sys.exit(f"target {target!r}: there is no module {error.name!r} in {sys.path[0]} (--app-dir names another folder)")
    for part in attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError as error:
            if error.obj is not found or error.name != part:
                raise
            sys.exit(f"module {module!r} has no attribute {attribute!r}{_nearest(part, found)}")
    return found


def _nearest(name: str, found: object) -> str:
    import difflib  # only here: it takes as long as many an application

    near = difflib.get_close_matches(name, dir(found), 1)
    return f"; did you mean {near[0]!r}?" if near else ""
