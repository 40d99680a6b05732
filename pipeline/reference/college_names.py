"""How sources shorten college names, undone: one key for ``Ohio St.`` and ``Ohio State``."""

import re

from app.names import name_key

_LEADING_SAINT = re.compile(r"^St\.? ")
_STATE = re.compile(r"(?<=\S) St\b\.?(?! [A-Z][a-z]+'s)")
_SHORTENED = {
    "E.": "Eastern",
    "East.": "Eastern",
    "W.": "Western",
    "West.": "Western",
    "Col.": "College",
    "Univ.": "University",
    "Tenn.": "Tennessee",
    "Miss.": "Mississippi",
    "Int.": "International",
    "Ala": "Alabama",
    "La": "Louisiana",
    "Tenn": "Tennessee",
    "Ark": "Arkansas",
}
_WORD = re.compile(r"[^\s\-–]+")


def expand(name: str) -> str:
    """Expand abbreviations in the name of a college: ``"East. Michigan"`` → ``"Eastern Michigan"``, ``"Ohio St."`` → ``"Ohio State"``.

    A leading ``St.`` is a saint, any other one a state.
    """
    text = _LEADING_SAINT.sub("Saint ", " ".join(name.split()))
    text = _STATE.sub(" State", text)
    # "La Verne" is a name; only the hyphenated forms ("La-Monroe") are Louisiana
    words = _WORD.sub(lambda found: found[0] if _is_article(text, found) else _SHORTENED.get(found[0], found[0]), text)
    return words.replace("–", "-")


def _is_article(text: str, found: re.Match[str]) -> bool:
    return found[0] in {"La", "Ala", "Ark", "Tenn"} and text[found.end() : found.end() + 1] not in {"-", "–"}


def college_key(name: str) -> str:
    """Return the key under which two spellings of a college are equal; empty only for a name without letters or digits."""
    return name_key(expand(name))


def slug(name: str) -> str:
    """Return the name of the college for a URL: ``"Miami (FL)"`` → ``"miami-fl"``."""
    return name_key(name.replace("&", " and ")).replace(" ", "-")
