"""The route of a player card."""

from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import RedirectResponse, Response

from app.athletics import service as athletics
from app.athletics.schemas import ComparablesParameters, VisitParameters
from app.errors import InvalidParameter
from app.history.schemas import HistoryParameters
from app.history.service import history
from app.http.dependencies import Context
from app.people import service as people
from app.web.cards import SUFFIX, is_card
from app.web.careers import entries_of
from app.web.dependencies import PageQuery, PersonId, Renderer, page_router
from app.web.errors import render_error
from app.web.loaded import LOADED_DATASETS
from app.web.parameters import Given
from app.web.players.athletics import athletic_card
from app.web.players.page import player_page

router = page_router()
CardQuery = Annotated[Given[VisitParameters], Depends(PageQuery(VisitParameters, error_title="Invalid parameter"))]
#: Comparables on the card.
MOST_ALIKE = 8


@router.get("/people/{person_id}")
@router.get("/people/{person_id}/card.svg")
async def player(request: Request, person_id: PersonId, given: CardQuery, context: Context, renderer: Renderer) -> Response:
    """Show a player card; ``visit``, ``earlier_only``, ``season_min`` and ``season_max`` choose what is compared with what."""
    wanted = given.parameters
    person = await people.detail(context, person_id)
    if person.person_id != person_id:  # a former id
        # not permanent: the decision behind it can be revoked
        url = request.url.replace(path=f"/people/{person.person_id}{SUFFIX if is_card(request) else ''}", scheme="", netloc="")
        return RedirectResponse(url, status_code=307, headers={"Cache-Control": "no-cache"})
    try:
        percentiles = await athletics.percentiles(context, person_id, wanted)
    except InvalidParameter as error:
        return render_error(request, 422, "Invalid parameter", error.message)
    score = await athletics.athletic_score(context, person_id, wanted)
    alike = await athletics.comparables(context, person_id, ComparablesParameters(**dict(wanted), limit=MOST_ALIKE))
    entries = await entries_of(context, alike.comparables)
    card = athletic_card(percentiles, score, alike, entries, earlier_only=wanted.earlier_only)
    changed = await history(context, person_id, HistoryParameters(changed=True))
    first_seasons = {row["dataset"]: row["first_season"] for row in await context.database.fetch(LOADED_DATASETS)}
    references = await context.references(renderer.version)
    return renderer.render("pages/player.html", page=player_page(person, references, first_seasons, card, changed))
