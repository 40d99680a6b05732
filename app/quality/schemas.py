"""Parameters of the quality routes, and the models of their responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.listing.parameters import Dataset, FilterText, ListParameters, RunId, Season, Several
from app.listing.schemas import item_model, page_or_rows
from app.parameters import Parameters
from app.quality.queries import DECISION_FIELDS, FIELDS, FINDING_FIELDS, KINDS

if TYPE_CHECKING:
    DecisionKind = str
else:  # mypy cannot read a literal type that is made from a tuple
    DecisionKind = Literal[KINDS]
Severity = Literal["info", "warning", "quarantine", "error"]


class CompletenessParameters(Parameters):
    """Which data set, and whether season by season."""

    dataset: Dataset | None = Field(default=None, description="The data set; all of them by default.", examples=["combine"])
    by: Literal["season"] | None = Field(default=None, description="Count each season on its own.")
    season: Several[Season] | None = Field(default=None, description="Only these seasons, each on its own.", examples=["2019,2021"])
    format: Literal["json", "csv"] = Field(default="json", description="Format of the response.")


class AboutParameters(ListParameters):
    """What findings are about."""

    dataset: Several[Dataset] | None = Field(default=None, description="The dataset.")
    rule: Several[FilterText] | None = Field(default=None, description="The rule that was broken.")
    field: Several[FilterText] | None = Field(default=None, description="The column.")
    season: Several[Season] | None = Field(default=None, description="Season of the row.")
    season_min: Season | None = Field(default=None, description="Earliest season.")
    season_max: Season | None = Field(default=None, description="Latest season.")


class _Filters(AboutParameters):
    severity: Several[Severity] | None = Field(default=None, description="How bad.")


class IssueParameters(_Filters):
    """Filters; a row must match all of them."""

    run_id: Several[RunId] | None = Field(default=None, description="The load that found it.")


class FindingParameters(_Filters):
    """Filters; a row must match all of them."""

    acknowledged: bool | None = Field(default=None, description="Whether a person has looked at it.")


class QualityDecisionParameters(AboutParameters):
    """Filters; a row must match all of them."""

    kind: Several[DecisionKind] | None = Field(default=None, description="Kind of the decision.")


class Acknowledgement(BaseModel):
    """Why findings are acceptable, or no longer are, and who says so."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    reason: Annotated[FilterText, Field(description="Why.")]
    by: Annotated[FilterText, Field(description="Who says so.")]


class FindingCount(BaseModel):
    """How many findings of a rule hold now."""

    dataset: str
    severity: str
    rule: str
    field: str | None
    open: int
    acknowledged: int


class FieldCompleteness(BaseModel):
    """How many rows have a value in a column."""

    dataset: str = Field(examples=["combine"])
    season: int | None = Field(description="Null: all rows.", examples=[None])
    field: str = Field(examples=["forty"])
    filled: int = Field(examples=[8039])
    total: int = Field(examples=[8968])
    percent: float = Field(description="Rounded to two decimals.", examples=[89.64])
    dead: bool = Field(description="No row has a value.", examples=[False])


class Completeness(BaseModel):
    """Column by column."""

    items: list[FieldCompleteness]
    dataset_version: str
    synthetic: bool


IssueItem = item_model("QualityIssueItem", FIELDS)
IssuePage = page_or_rows("QualityIssuePage", IssueItem)
QualityDecisionItem = item_model("QualityDecisionItem", DECISION_FIELDS)
QualityDecisionPage = page_or_rows("QualityDecisionPage", QualityDecisionItem)
FindingItem = item_model("QualityFindingItem", FINDING_FIELDS)
FindingPage = page_or_rows("QualityFindingPage", FindingItem)
