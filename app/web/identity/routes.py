"""Routes of the pages about identity: conflicts, and one conflict with both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, Response

from app.errors import NotFound
from app.http.dependencies import Context
from app.identity.queries import STATES
from app.identity.schemas import ConflictParameters
from app.identity.service import conflict_detail, list_conflicts
from app.web.dependencies import KnownParameters, Renderer
from app.web.errors import render_error
from app.web.wording import CLAIMS, ID_NAMES

if TYPE_CHECKING:
    from app.listing.model import Row

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
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


@router.get("/identity", dependencies=[Depends(KnownParameters("state"))])
async def conflicts(request: Request, context: Context, renderer: Renderer) -> Response:
    """List the conflicts of one state, by default the open ones."""
    state = request.query_params.get("state") or "open"
    if state not in STATES:
        return render_error(request, 422, "Invalid state", f"“{state[:40]}” is not a state. Choose one of {', '.join(STATES)}.")
    found = await (await list_conflicts(context, ConflictParameters(state=state, limit=SHOWN))).page()
    rows = [{**row, "text": _text(row)} for row in found.items]
    values = {"rows": rows, "total": found.total, "state": state, "states": STATE_NAMES, "synthetic": renderer.version.synthetic}
    return renderer.render("pages/conflicts.html", dict(values))


@router.get("/identity/{number}", dependencies=[Depends(KnownParameters())])
async def conflict(request: Request, context: Context, renderer: Renderer, number: str) -> Response:
    """Show both sides of one conflict with their evidence, and the command that decides."""
    if not (number.isascii() and number.isdigit() and len(number) < 16):
        return render_error(request, 404, "Conflict not found", f"“{number[:40]}” is not the number of a conflict.")
    try:
        detail = await conflict_detail(context, int(number))
    except NotFound as error:
        return render_error(request, 404, "Conflict not found", f"{error.message} It may have ended when the two became one person.")
    values = {"detail": detail, "labels": LABELS, "text": _text(detail.conflict), "state": STATE_NAMES[str(detail.conflict["state"])]}
    return renderer.render("pages/conflict.html", dict(values))


def _text(row: Row) -> str:
    claim = f"{CLAIMS.get(str(row['id_type']), row['id_type'])} {row['value']}"
    text = REASONS.get(str(row["reason"]), "{claim}").format(claim=claim)
    return text[0].upper() + text[1:]
