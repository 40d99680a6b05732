"""What is wrong with a value, in words: the same ones in the API, on pages, in ``dq`` and for settings.

A pydantic error becomes the end of a sentence that begins with the parameter: ``must be a whole number``. Pydantic's own text is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches

_WHOLE_NUMBER, _NUMBER, _YES_OR_NO, _TEXT = "must be a whole number", "must be a number", "must be true or false", "must be text"
_LIST, _OBJECT = "must be a list", "must be a JSON object"
#: By the type of the error. ``{number}`` is the limit, ``{s}`` the ending of a noun that is counted with it.
_WORDS = {
    "missing": "is required",
    "extra_forbidden": "is not known here",
    "int_type": _WHOLE_NUMBER,
    "int_parsing": _WHOLE_NUMBER,
    "int_from_float": _WHOLE_NUMBER,
    "int_parsing_size": "has too many digits",
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "bool_type": _YES_OR_NO,
    "bool_parsing": _YES_OR_NO,
    "string_type": _TEXT,
    "string_unicode": _TEXT,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "path_type": "must be a path",
    "greater_than": "must be above {number}",
    "greater_than_equal": "must be at least {number}",
    "less_than_equal": "must be at most {number}",
    "less_than": "must be below {number}",
    "string_too_short": "must have at least {number} character{s}",
    "string_too_long": "can have at most {number} character{s}",
    "too_short": "must have at least {number} value{s}",
    "too_long": "can have at most {number} value{s}",
    "literal_error": "must be {choices}",
}
_LIMITS = ("gt", "ge", "lt", "le", "min_length", "max_length")
_CHOICE = re.compile(r"'([^']*)'")
#: The nearest known name is suggested for a text of at most this length; more of a name is not shown.
LONGEST_MISSPELT = 40
#: A parameter named in a message about another one, such as the end of a range.
_LOWEST = re.compile(r"\b[a-z_]+_min\b")


def in_words(error: Mapping[str, object], called: Callable[[str], str] = str) -> str:
    """Return what is wrong; ``called`` writes the name of another parameter as the reader knows it."""
    kind, context = str(error["type"]), error.get("ctx")
    if kind == "value_error":
        return _LOWEST.sub(lambda found: called(found[0]), str(error["msg"]).removeprefix("Value error, "))
    given = context if isinstance(context, dict) else {}
    number = next((given[name] for name in _LIMITS if name in given), None)
    choices = _CHOICE.findall(str(given.get("expected", "")))
    near = in_parentheses(text, choices) if isinstance(text := error.get("input"), str) else ""
    return _WORDS.get(kind, "is not valid").format(
        number=f"{number:.15g}" if isinstance(number, float) else number,
        s="" if number == 1 else "s",
        choices=(choices[0] if len(choices) == 1 else f"one of {', '.join(choices)}") + near,
    )


def unknown_parameter(name: str, known: Iterable[str], *, hint: bool = True) -> str:
    """Return the error message for an unknown parameter; a search for the nearest name is worth its time for a few short names only."""
    near = nearest(name, known, cutoff=0.8) if hint else []
    shown = name if len(name) <= LONGEST_MISSPELT else f"{name[:LONGEST_MISSPELT]}…"
    return f"Unknown query parameter `{shown}`" + (f"; did you mean `{near[0]}`?" if near else "")


def did_you_mean(text: str, known: Iterable[str], *, most: int = 1, cutoff: float = 0.6) -> str:
    """Return the question that goes before the list of known names, with a space after it; empty if none is close."""
    return question(nearest(text, known, most=most, cutoff=cutoff))


def question(names: Iterable[str]) -> str:
    """Return the question whether one of these names is meant, with a space after it; empty without names."""
    near = ", ".join(f'"{name}"' for name in names)
    return f"Did you mean {near}? " if near else ""


def in_parentheses(text: str, known: Iterable[str]) -> str:
    """Return the same question for the end of a list of known names, with a space before it."""
    near = nearest(text, known)
    return f' (did you mean "{near[0]}"?)' if near else ""


def nearest(text: str, known: Iterable[str], *, most: int = 1, cutoff: float = 0.6) -> list[str]:
    """Return the known names that are like the text in either case, the most similar first."""
    by_lower = {name.lower(): name for name in known} if len(text) <= LONGEST_MISSPELT else {}
    return [by_lower[name] for name in get_close_matches(text.lower(), by_lower, most, cutoff)]
