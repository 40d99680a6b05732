"""How a pick is written: ``6``, ``1.05``, ``r3``, ``2027r1``, ``2013r1#22``."""

import re
from dataclasses import dataclass

from app.errors import InvalidParameter

HOW = "Write a pick as its number (6), as round and place (1.05), or as what is known of season, round and number (2027r1, 2013r1#22)."
_NUMBER = re.compile(r"#?([0-9]{1,3})")
_PLACE = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})")
_PARTS = re.compile(r"([0-9]{4})?(?:r([0-9]{1,2}))?(?:#([0-9]{1,3}))?", re.IGNORECASE)
#: Every round since 1980 is between these: each before it has at least so many picks; the first at most so many, and each after it.
_FEWEST, _MOST_FIRST, _MOST_LATER = 25, 33, 40
#: The first draft, and a year beyond which no pick is traded.
_FIRST_SEASON, _LAST_SEASON = 1936, 2100


@dataclass(frozen=True, slots=True)
class WrittenPick:
    """A pick as it was written; a part that was not is None."""

    text: str
    season: int | None = None
    round: int | None = None
    number: int | None = None
    #: The place within the round.
    place: int | None = None


def split_picks(text: str) -> list[str]:
    """Separate picks at the commas."""
    return [part.strip() for part in text.split(",")] if text.strip() else []


def parse_pick(text: str, parameter: str) -> WrittenPick:
    """Read one pick.

    Raises:
        InvalidParameter: it is not written as a pick is, or its parts contradict each other.
    """
    written = text.strip()
    if found := _NUMBER.fullmatch(written):
        return _checked(WrittenPick(written, number=int(found[1])), parameter)
    if found := _PLACE.fullmatch(written):
        return _checked(WrittenPick(written, round=int(found[1]), place=int(found[2])), parameter)
    found = _PARTS.fullmatch(written)
    if found is None or not (found[2] or found[3]):
        raise InvalidParameter(parameter, f"{written!r} is not a pick. {HOW}", text)
    season, round_, number = (int(part) if part else None for part in found.groups())
    return _checked(WrittenPick(written, season, round_, number), parameter)


def _checked(pick: WrittenPick, parameter: str) -> WrittenPick:
    if pick.season is not None and not _FIRST_SEASON <= pick.season <= _LAST_SEASON:
        raise InvalidParameter(parameter, f"A season is from {_FIRST_SEASON} to {_LAST_SEASON}: {pick.text!r}.", pick.text)
    if 0 in (pick.round, pick.number, pick.place):
        raise InvalidParameter(parameter, f"Rounds and picks count from 1: {pick.text!r}.", pick.text)
    if pick.round and pick.number:
        first, last = (pick.round - 1) * _FEWEST + 1, _MOST_FIRST + (pick.round - 1) * _MOST_LATER
        if not first <= pick.number <= last:
            where = f"Pick {pick.number} cannot be in round {pick.round}, which lies between picks {first} and {last}"
            raise InvalidParameter(parameter, f"{where}: {pick.text!r}.", pick.text)
    return pick
