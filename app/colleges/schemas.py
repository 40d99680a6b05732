"""Parameters of the colleges list, and the shape of one college."""

from __future__ import annotations

import msgspec
from pydantic import BaseModel, Field

from app.colleges.queries import FIELDS
from app.franchises.schemas import ClassCount, ClassCountModel
from app.listing.model import Row
from app.listing.parameters import FilterText, PageParameters
from app.listing.schemas import item_model, page_model


class CollegeParameters(PageParameters):
    """Filters."""

    q: FilterText | None = Field(
        default=None, description="Words that start words of the name or of any known spelling.", examples=["ohio st"]
    )


class CollegeDetail(msgspec.Struct, frozen=True):
    """One college with its spellings, class by class."""

    college: Row
    aliases: list[str]
    classes: list[ClassCount]
    dataset_version: str
    synthetic: bool


CollegeItem = item_model("CollegeItem", FIELDS)
CollegePage = page_model("CollegePage", CollegeItem)


class CollegeDetailModel(BaseModel):
    """One college with its spellings, class by class."""

    college: CollegeItem  # type: ignore[valid-type]
    aliases: list[str] = Field(description="Spellings that sources use.", examples=[["Ohio St.", "Ohio State"]])
    classes: list[ClassCountModel]
    dataset_version: str
    synthetic: bool
