"""Parameters of the lists about identity, and the shape of one conflict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, Field

from app.datasets.person_ids import PERSON_IDS
from app.identity.queries import CONFLICT_FIELDS, DECISION_FIELDS, ID_FIELDS, REASONS, STATES
from app.listing.model import Row
from app.listing.parameters import FilterText, Identifier, ListParameters, PageParameters, RunId, Several
from app.listing.schemas import item_model, like, page_model, page_or_rows
from app.people.schemas import PersonDetail

if TYPE_CHECKING:
    Reason = str
    State = str
else:  # mypy cannot read a literal type that is made from a tuple
    Reason = Literal[REASONS]
    State = Literal[STATES]


class ConflictParameters(ListParameters):
    """Filters; a row must match all of them."""

    state: Several[State] | None = Field(default=None, description="State of the conflict.", examples=["open"])
    reason: Several[Reason] | None = Field(default=None, description="What the conflict is about.")
    person_id: Several[Identifier] | None = Field(default=None, description="A person on either side.")


class DecisionParameters(PageParameters):
    """Filters; a row must match all of them."""

    conflict_id: Several[RunId] | None = Field(default=None, description="The conflict that was resolved.")
    kind: Several[Literal["resolve", "merge", "split"]] | None = Field(default=None, description="Kind of the decision.")


class PersonIdParameters(ListParameters):
    """Filters; a row must match all of them."""

    only_today = PERSON_IDS.only_today

    person_id: Several[Identifier] | None = Field(default=None, description="The person.")
    id_type: Several[Literal["gsis", "esb", "pfr", "cfb"]] | None = Field(default=None, description="Whose id it is.")
    value: Several[FilterText] | None = Field(default=None, description="The id.", examples=["BurrJo01"])


ConflictItem = item_model("ConflictItem", CONFLICT_FIELDS)
ConflictPage = page_or_rows("ConflictPage", ConflictItem)
DecisionItem = item_model("DecisionItem", DECISION_FIELDS)
DecisionPage = page_model("DecisionPage", DecisionItem)
PersonIdItem = item_model("PersonIdItem", ID_FIELDS)
PersonIdPage = page_or_rows("PersonIdPage", PersonIdItem)


class Evidence(BaseModel):
    """One piece of evidence, and what each side says. ``agrees`` is null where a side says nothing."""

    what: str = Field(examples=["college"])
    person: str | None = Field(examples=["UC Davis"])
    other: str | None = Field(examples=["Fresno State"])
    agrees: bool | None


class ConflictDetail(BaseModel):
    """One conflict with both sides. After a merge, both are the person of today."""

    conflict: Annotated[Row, like(ConflictItem)]
    evidence: list[Evidence]
    person: PersonDetail
    other: PersonDetail
    decisions: list[Annotated[Row, like(DecisionItem)]] = Field(description="What people have decided about the two, oldest first.")
    dataset_version: str
