"""The base of all query parameters, of lists, pages and everything else."""

import re
from functools import cache
from typing import ClassVar, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator
from pydantic_core import PydanticKnownError

#: What Python reads as part of a number, and other programs do not: ``2_020``, ``+5`` (in a URL, a plus sign is a blank), the digits of
#: other scripts, and blanks at the ends.
_UNUSUAL = re.compile(r"_|[^\x00-\x7f]|(?:^|,)\s*\+|^\s|\s$")


def is_plain(text: str) -> bool:
    """Return whether a text has none of the marks above, which no number has; several numbers may have commas between them."""
    return _UNUSUAL.search(text) is None


def plain_whole(value: object) -> object:
    """Pass on what may be a whole number; a validator that runs before the conversion."""
    if isinstance(value, str) and not is_plain(value):
        raise PydanticKnownError("int_parsing")
    return value


class Parameters(BaseModel):
    """Base of every set of parameters, of a query string, a JSON body or the command line.

    What is not declared is refused, and so is a number that is not written plainly; no ``…_min`` may lie above its ``…_max``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
    #: Why ``as_of``, which lists accept, is refused here, and what to request instead.
    only_today: ClassVar[str] = ""

    @field_validator("*", mode="before")
    @classmethod
    def _plain_numbers(cls, value: object, info: ValidationInfo) -> object:
        if isinstance(value, str) and (error := _number_error(cls, info.field_name or "")) and not is_plain(value):
            raise PydanticKnownError(error)
        return value

    @field_validator("*", mode="after")
    @classmethod
    def _ordered_range(cls, value: object, info: ValidationInfo) -> object:
        name = info.field_name or ""
        if name.endswith("_max") and value is not None:
            lowest_name = f"{name.removesuffix('_max')}_min"
            lowest = info.data.get(lowest_name)
            if lowest is not None and lowest > value:
                raise ValueError(f"must not be below {lowest_name}")
        return value


class NoParameters(Parameters):
    """For routes that take none."""


@cache
def _number_error(model: type[BaseModel], field: str) -> Literal["int_parsing", "float_parsing"] | None:
    """Return the error of a text that is not a number, None for other fields; kept, because every request is validated."""
    annotation = model.model_fields[field].annotation
    if _has(annotation, int):
        return "int_parsing"
    return "float_parsing" if _has(annotation, float) else None


def _has(annotation: object, number: type) -> bool:
    """Look for the type inside ``Annotated[…]``, ``tuple[…, ...]`` and unions."""
    return annotation is number or any(_has(part, number) for part in get_args(annotation))


def takes_several(annotation: object) -> bool:
    """Look for ``tuple[…, ...]`` inside ``Annotated[…] | None``."""
    return get_origin(annotation) is tuple or any(takes_several(part) for part in get_args(annotation))
