"""Parameters of the colleges list, and the shape of one college."""

from typing import Annotated

from pydantic import BaseModel, Field

from app.colleges.queries import FIELDS
from app.franchises.schemas import ClassCount
from app.listing.model import Row
from app.listing.parameters import FilterText, PageParameters
from app.listing.schemas import item_model, like, page_model


class CollegeParameters(PageParameters):
    """Filters."""

    q: FilterText | None = Field(
        default=None, description="Beginnings of words of the name or of any known spelling.", examples=["ohio st"]
    )


CollegeItem = item_model("CollegeItem", FIELDS)
CollegePage = page_model("CollegePage", CollegeItem)


class CollegeDetail(BaseModel):
    """One college with its spellings, class by class."""

    college: Annotated[Row, like(CollegeItem)]
    aliases: list[str] = Field(description="Spellings that sources use.", examples=[["Ohio St.", "Ohio State"]])
    classes: list[ClassCount]
    dataset_version: str
    synthetic: bool
