"""The object that ``module:attribute`` names."""

from __future__ import annotations

import importlib


def load(target: str) -> object:
    """Import the module and return the attribute, which may be dotted."""
    module, _, attribute = target.partition(":")
    found: object = importlib.import_module(module)
    for part in attribute.split("."):
        found = getattr(found, part)
    return found
