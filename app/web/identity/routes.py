"""Routes of the pages about identity: conflicts, and one conflict with both sides."""

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from app.http.dependencies import Context
from app.identity.schemas import ConflictParameters, State
from app.identity.service import conflict_detail, list_conflicts
from app.listing.model import Row
from app.parameters import Parameters
from app.web.dependencies import NO_QUERY, ConflictId, PageQuery, Renderer, page_router
from app.web.parameters import Given
from app.web.wording import CLAIMS, ID_NAMES

router = page_router()
#: Conflicts on one page; the API has the rest.
SHOWN = 500
STATE_NAMES = {"open": "Open", "settled": "Settled", "same_person": "Same person", "different_people": "Different people"}
#: Why two people are in conflict; the claim follows.
REASONS = {
    "shared_id": "both are recorded with {claim}",
    "slot_claimed_twice": "both name {claim} in the combine file",
    "slot_contradicted": "one names {claim} of the other, which everything else contradicts",
    "other_build": "both share {claim}, but two visits to the combine differ more than one body can",
    "ambiguous_name": "the evidence almost suffices to make them one: {claim}",
}
#: What evidence is called where its own name would not do.
LABELS = {"height": "Height (in)", "weight": "Weight (lb)", **{f"{kind} id": f"{name} id" for kind, name in ID_NAMES.items()}}


class StateParameters(Parameters):
    """The conflicts to list."""

    state: State = "open"


StateQuery = Annotated[Given[StateParameters], Depends(PageQuery(StateParameters, error_title="Invalid state"))]


@router.get("/identity")
async def conflicts(given: StateQuery, context: Context, renderer: Renderer) -> Response:
    """List the conflicts of one state, by default the open ones."""
    state = given.parameters.state
    found = await (await list_conflicts(context, ConflictParameters(state=state, limit=SHOWN))).page()
    rows = [{**row, "text": _text(row)} for row in found.items]
    return renderer.render("pages/conflicts.html", rows=rows, total=found.total, state=state, states=STATE_NAMES)


@router.get("/identity/{conflict_id}", dependencies=[NO_QUERY])
async def conflict(conflict_id: ConflictId, context: Context, renderer: Renderer) -> Response:
    """Show both sides of one conflict with their evidence, and the command that decides."""
    detail = await conflict_detail(context, conflict_id)
    state = STATE_NAMES[str(detail.conflict["state"])]
    return renderer.render("pages/conflict.html", detail=detail, labels=LABELS, text=_text(detail.conflict), state=state)


def _text(row: Row) -> str:
    claim = f"{CLAIMS.get(str(row['id_type']), row['id_type'])} {row['value']}"
    text = REASONS.get(str(row["reason"]), "{claim}").format(claim=claim)
    return text[0].upper() + text[1:]
