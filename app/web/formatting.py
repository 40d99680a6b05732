"""How values read on a page: numbers, heights, dates. Functions in ``FILTERS`` are Jinja filters of the same name."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from app.people.schemas import SelectionInShort

#: What a page says for null: the source has no value, which is not the same as none.
NO_RECORD = "no record"


def number(value: float | None, digits: int | None = None) -> str:
    """Format ``12927`` as ``12,927``, null as ``no record``, 0 as ``0``. ``digits`` fixes the decimals, else trailing zeros are dropped."""
    if value is None:
        return NO_RECORD
    if digits is None:
        digits = 0 if value == int(value) else 1
    return with_minus(f"{value:,.{digits}f}")


def with_minus(text: str) -> str:
    """Write a formatted number with the sign for minus; what was rounded to zero has none."""
    return text.replace("-", "−") if text.strip("-0.") else text.removeprefix("-")


def ordinal(value: int) -> str:
    """Format ``1`` as ``1st``, ``12`` as ``12th``."""
    suffix = "th" if 10 <= value % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value:,}{suffix}"


def feet(inches: int | None) -> str:
    """Format ``74`` as ``6′ 2″``."""
    return NO_RECORD if inches is None else f"{inches // 12}′ {inches % 12}″"


def moment(value: datetime | None) -> str:
    """Format a point in time for people: ``21 November 2026, 01:35 UTC``."""
    return "never" if value is None else f"{value.astimezone(UTC):%-d %B %Y, %H:%M} UTC"


def day(value: datetime) -> str:
    """Format the day of a point in time: ``21 November 2026``."""
    return f"{value.astimezone(UTC):%-d %B %Y}"


def points(value: float) -> str:
    """Format a value on a chart: up to three decimals, as charts differ by a factor of a thousand."""
    return with_minus(f"{value:,.3f}".rstrip("0").rstrip("."))


def plural(count: int, one: str, many: str | None = None) -> str:
    """Format a count: ``1 pick``, ``257 picks``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def sentence_list(items: Sequence[str]) -> str:
    """Join items as ``a, b and c``."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def selected(selections: Sequence[SelectionInShort], otherwise: str | None = None) -> str:
    """Write when a person was selected; ``otherwise`` is what is known of one without a selection in the draft file."""
    words = [f"{each.season}, round {each.round}, {ordinal(each.pick)} overall, {each.team}" for each in selections]
    return sentence_list(words) or otherwise or "not selected"


FILTERS: dict[str, Callable[..., str]] = {
    each.__name__: each for each in (number, ordinal, feet, moment, points, plural, sentence_list, selected)
}
