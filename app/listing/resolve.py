"""Filters that several lists share, resolved from what was typed to what statements bind."""

from collections.abc import Callable, Iterable
from typing import Any

from pydantic import BaseModel

from app.context.references import References
from app.listing.filters import exact_key, search_patterns


def plain(parameters: BaseModel, names: Iterable[str]) -> dict[str, object]:
    """Return the given parameters that are bound unchanged."""
    return {name: value for name in names if (value := getattr(parameters, name)) is not None}


def resolved(parameters: BaseModel, names: Iterable[str], references: References) -> dict[str, object]:
    """Resolve the given parameters that are names, or refer to the reference tables.

    Raises:
        InvalidParameter: a code or name that means nothing.
    """
    resolvers: dict[str, Callable[[Any], object]] = {
        "college": lambda texts: [references.college_of(text).college_id for text in texts],
        "position": references.position_codes,
        "group": lambda groups: [code for group in groups for code in references.group_codes(group)],
        "q": search_patterns,
        "name": exact_key,
    }
    return {name: resolvers[name](value) for name, value in plain(parameters, names).items()}
