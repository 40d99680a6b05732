"""Parameters of the ledger, and the shape of one run."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.etl_runs.queries import FIELDS
from app.listing.parameters import Dataset, LoadSource, PageParameters, Several
from app.listing.schemas import item_model, like, page_model

State = Literal["running", "loaded", "unchanged", "skipped", "held", "failed"]


class RunParameters(PageParameters):
    """Filters; a row must match all of them."""

    dataset: Several[Dataset] | None = Field(default=None, description="The dataset that was loaded.")
    source: Several[LoadSource] | None = Field(default=None, description="Where the rows came from.")
    state: Several[State] | None = Field(default=None, description="How it ended.")
    trigger: Several[Literal["command", "schedule", "start", "rollback"]] | None = Field(default=None, description="What started it.")
    synthetic: bool | None = Field(default=None, description="Made-up data.")


RunItem = item_model("RunItem", FIELDS)
RunPage = page_model("RunPage", RunItem)


class IssueCount(BaseModel):
    """How often a rule was broken."""

    severity: str = Field(examples=["warning"])
    rule: str = Field(examples=["outlier"])
    number: int = Field(examples=[30])


class RunIssue(BaseModel):
    """Something a load noticed."""

    issue_id: int
    severity: str
    rule: str
    season: int | None
    entity: str | None
    field: str | None
    value: str | None
    message: str


class RunDetail(BaseModel):
    """One load with what it noticed; ``issue_counts`` count all issues."""

    run: Annotated[dict[str, object], like(RunItem)]
    timings: dict[str, float] = Field(description="Seconds per step.", examples=[{"decode": 0.1, "merge": 0.4}])
    issue_counts: list[IssueCount]
    issues: list[RunIssue] = Field(description="The first 200, the worst first; all of them are at /quality/issues?run_id=.")
