"""``fields=`` and ``sort=``: comma-separated names, checked against what a list has."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from app.errors import InvalidParameter
from app.errors.wording import did_you_mean

#: More sort keys than anybody needs; each one makes the statement longer.
MAX_SORT_KEYS = 6


class SortKey(NamedTuple):
    """One field to sort by. Nulls come last in both directions."""

    name: str
    descending: bool = False

    def __str__(self) -> str:
        return f"-{self.name}" if self.descending else self.name


def parse_fields(text: str | None, known: Sequence[str], default: tuple[str, ...]) -> tuple[str, ...]:
    """Return field names in the requested order, each once. ``None`` is the default, ``*`` every field.

    Raises:
        InvalidParameter: an unknown or empty name.
    """
    if text is None:
        return default
    if text.strip() == "*":
        return tuple(known)
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known)
            raise InvalidParameter("fields", f"Unknown field {name!r}. {hint}Known fields: {', '.join(known)}, or * for all.", text)
    return names


def parse_sort(text: str | None, known: Collection[str], tie_break: Sequence[str], default: str = "") -> tuple[SortKey, ...]:
    """Sort keys with the tie-break appended, so that the order is total. ``-name`` sorts descending.

    Raises:
        InvalidParameter: an unknown, empty or repeated name, or too many.
    """
    keys: dict[str, SortKey] = {}
    written = default if text is None else text
    for part in written.split(",") if written else []:
        name = part.strip()
        descending = name.startswith("-")
        name = name[1:] if descending else name
        if name not in known:
            raise InvalidParameter("sort", f"Cannot sort by {name!r}. {did_you_mean(name, known)}Known fields: {', '.join(known)}.", text)
        if name in keys:
            raise InvalidParameter("sort", f"{name!r} is listed twice.", text)
        keys[name] = SortKey(name, descending)
    if len(keys) > MAX_SORT_KEYS:
        raise InvalidParameter("sort", f"At most {MAX_SORT_KEYS} fields.", text)
    for name in tie_break:
        keys.setdefault(name, SortKey(name))
    return tuple(keys.values())
