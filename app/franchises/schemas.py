"""What franchises look like."""

from __future__ import annotations

import msgspec
from pydantic import BaseModel, Field

# --- what services return ------------------------------------------------------------------------------------------------------


class Era(msgspec.Struct, frozen=True):
    """A code that draft records used for the franchise, and the name it had."""

    code: str
    team_name: str
    first_season: int
    last_season: int | None


class FranchiseSummary(msgspec.Struct, frozen=True):
    """A franchise with its selections counted; the seasons are those of the first and last class."""

    code: str
    slug: str
    name: str
    conference: str
    division: str
    eras: list[Era]
    picks: int
    first_round_picks: int
    hall_of_famers: int
    first_season: int | None
    last_season: int | None


class FranchiseList(msgspec.Struct, frozen=True):
    """All of them: never more than a page."""

    items: list[FranchiseSummary]
    total: int
    dataset_version: str
    synthetic: bool


class ClassCount(msgspec.Struct, frozen=True):
    """Selections in one class."""

    season: int
    picks: int


class FranchiseDetail(msgspec.Struct, frozen=True):
    """One franchise, class by class."""

    franchise: FranchiseSummary
    classes: list[ClassCount]
    dataset_version: str
    synthetic: bool


# --- what OpenAPI says ---------------------------------------------------------------------------------------------------------


class EraModel(BaseModel):
    """A code and name of the franchise."""

    code: str = Field(examples=["RAI"])
    team_name: str = Field(examples=["Los Angeles Raiders"])
    first_season: int = Field(examples=[1982])
    last_season: int | None = Field(description="null: still in use", examples=[1994])


class FranchiseModel(BaseModel):
    """A franchise."""

    code: str = Field(examples=["LV"])
    slug: str = Field(examples=["raiders"])
    name: str = Field(examples=["Las Vegas Raiders"])
    conference: str = Field(examples=["AFC"])
    division: str = Field(examples=["West"])
    eras: list[EraModel]
    picks: int = Field(description="Selections since 1980.", examples=[400])
    first_round_picks: int
    hall_of_famers: int
    first_season: int | None
    last_season: int | None


class FranchisePage(BaseModel):
    """All franchises."""

    items: list[FranchiseModel]
    total: int = Field(examples=[32])
    dataset_version: str = Field(examples=["3.2"])
    synthetic: bool


class ClassCountModel(BaseModel):
    """Selections in one class."""

    season: int = Field(examples=[2020])
    picks: int = Field(examples=[7])


class FranchiseDetailModel(BaseModel):
    """One franchise, class by class."""

    franchise: FranchiseModel
    classes: list[ClassCountModel]
    dataset_version: str
    synthetic: bool
