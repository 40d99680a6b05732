"""The base of all query parameters, of lists, pages and everything else."""

from typing import ClassVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator


class Parameters(BaseModel):
    """Base of every set of query parameters: what is not declared is refused, and no ``…_min`` may lie above its ``…_max``."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
    #: Why ``as_of``, which lists accept, is refused here, and what to request instead.
    only_today: ClassVar[str] = ""

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


def takes_several(annotation: object) -> bool:
    """Look for ``tuple[…, ...]`` inside ``Annotated[…] | None``."""
    return get_origin(annotation) is tuple or any(takes_several(part) for part in get_args(annotation))
