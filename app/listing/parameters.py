"""Query parameters that every list understands, and the checks that every parameter gets."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from app.datasets import DATASETS
from app.parameters import Parameters, plain_whole


def _no_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain a NUL character")
    return text


def whole_number(text: str) -> int | None:
    """Return the number from 0 that fits into a ``bigint`` column, or None; Python refuses to convert thousands of digits."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 2**63
    return number if number < 2**63 else None


def moment(text: str) -> int | date:
    """Return the number of a load, or the day.

    Raises:
        ValueError: it is neither.
    """
    if number := whole_number(text):
        return number
    try:
        return _day(text)
    except ValueError:
        raise ValueError("must be the number of a load or a day such as 2026-05-06") from None


def _day(value: object) -> date:
    """Read a day; a number is not taken for the seconds since 1970."""
    if isinstance(value, date):
        return value
    text = str(value)
    try:
        return datetime.strptime(text if text.isascii() else "", "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise ValueError("must be a day such as 2026-05-06") from None


def _moment(text: str) -> str:
    moment(text)
    return text


def with_underscores(value: object) -> object:
    """Accept both spellings: URLs have draft-picks, tables draft_picks."""
    return value.replace("-", "_") if isinstance(value, str) else value


def parts(value: object) -> object:
    """Separate the values of a filter at the commas; a value that is not text is the only one."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(","))
    return value if value is None or isinstance(value, tuple | list) else (value,)


#: Values of one filter.
MOST_VALUES = 50
V = TypeVar("V")
Several = Annotated[tuple[V, ...], Field(max_length=MOST_VALUES), BeforeValidator(parts)]
"""One or more values of a filter, separated by commas."""
FilterText = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_no_nul)]
Season = Annotated[int, Field(ge=1900, le=2200)]
Day = Annotated[date, BeforeValidator(_day)]
Count = Annotated[int, Field(ge=0, le=32767)]
Identifier = Annotated[int, Field(ge=1, le=2**31 - 1), BeforeValidator(plain_whole)]
RunId = Annotated[int, Field(ge=1, le=2**63 - 1), BeforeValidator(plain_whole)]
Moment = Annotated[str, StringConstraints(strip_whitespace=True, max_length=20), AfterValidator(_moment)]
"""A load by its number, or a day."""
Measure = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
Amount = Annotated[float, Field(ge=-1_000_000, le=1_000_000, allow_inf_nan=False)]
"""What may be negative, such as the yards of a career."""
Group = Literal["QB", "RB", "WR", "TE", "OL", "DL", "LB", "DB", "ST"]
Side = Literal["O", "D", "S"]
if TYPE_CHECKING:
    DatasetName = str
    LoadSource = str
else:  # mypy cannot read a literal type that is made from the declarations
    DatasetName = Literal[tuple(DATASETS)]
    LoadSource = Literal[(*DATASETS, "sample")]
Dataset = Annotated[DatasetName, BeforeValidator(with_underscores)]
Format = Literal["json", "csv", "ndjson"]
EscapeFormulas = Annotated[
    bool,
    Field(description="In CSV, prefix text that a spreadsheet would treat as a formula with an apostrophe (`=`, `+`, `-`, `@`)."),
]


class PageParameters(Parameters):
    """Sorting, paging and choosing fields."""

    sort: str | None = Field(
        default=None,
        max_length=300,
        description="Fields to sort by, separated by commas; `-` before a name sorts descending. Nulls come last.",
    )
    fields: str | None = Field(default=None, max_length=2000, description="Fields to return, separated by commas; `*` for all.")
    limit: int = Field(default=50, ge=1, le=1000, description="Rows per page.")
    cursor: str | None = Field(
        default=None, max_length=2000, description="`next` of the previous page. It keeps its place while the data change."
    )


AsOf = Annotated[
    Moment | None,
    Field(
        description="As of a load by its number, or as of the end of a day (UTC) as this service had the data then. "
        "The names of franchises, colleges, positions and people are those of today.",
        examples=["2026-05-06"],
    ),
]


class ListParameters(PageParameters):
    """Paging, or the whole filtered set as a stream."""

    format: Format | None = Field(
        default=None, description="Stream the whole filtered set in this format instead of one page; `limit` and `cursor` do not apply."
    )
    escape_formulas: EscapeFormulas = False


class PastParameters(ListParameters):
    """For lists whose rows of the past can be read."""

    as_of: AsOf = None


class TableParameters(Parameters):
    """A table that is computed has neither pages nor a choice of fields."""

    format: Format | None = Field(default=None, description="Stream the table in this format.")
    escape_formulas: EscapeFormulas = False
