"""What franchises look like."""

from pydantic import BaseModel, Field


class Era(BaseModel):
    """A code that draft records used for the franchise, and the name it had."""

    code: str = Field(examples=["RAI"])
    team_name: str = Field(examples=["Los Angeles Raiders"])
    first_season: int = Field(examples=[1982])
    last_season: int | None = Field(description="null: still in use", examples=[1994])


class FranchiseSummary(BaseModel):
    """A franchise with its selections counted; the seasons are those of the first and last class."""

    code: str = Field(examples=["LV"])
    nflverse_team: str | None = Field(description="Code in nflverse's tables, which differs for the Rams.", examples=["LV"])
    slug: str = Field(examples=["raiders"])
    name: str = Field(examples=["Las Vegas Raiders"])
    conference: str = Field(examples=["AFC"])
    division: str = Field(examples=["West"])
    eras: list[Era]
    picks: int = Field(description="Selections since 1980.", examples=[400])
    first_round_picks: int
    hall_of_famers: int
    first_season: int | None
    last_season: int | None


class FranchiseList(BaseModel):
    """All franchises: never more than a page."""

    items: list[FranchiseSummary]
    total: int = Field(examples=[32])
    dataset_version: str = Field(examples=["3.2"])
    synthetic: bool


class ClassCount(BaseModel):
    """Selections in one class."""

    season: int = Field(examples=[2020])
    picks: int = Field(examples=[7])


class FranchiseDetail(BaseModel):
    """One franchise, class by class."""

    franchise: FranchiseSummary
    classes: list[ClassCount]
    dataset_version: str
    synthetic: bool
