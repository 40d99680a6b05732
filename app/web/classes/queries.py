"""The classes there are, and the selections of one."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Integer, and_, bindparam, func, select

from app.context import ServiceContext
from app.datasets.draft_picks import DRAFT_PICKS
from app.db.models import College, Franchise, Position, SeasonCount, TeamEra, draft_pick
from app.db.statements import compile_statement
from app.draft_picks.queries import LISTING
from app.draft_picks.schemas import DraftPickParameters
from app.listing.model import Row
from app.listing.query import query_list
from app.names import name_key
from app.web.rows import LARGEST_PAGE, PICK_FIELDS, every_row, with_team_names

_pick = draft_pick.c

#: The meaning of a pick's team code in its season.
_era = and_(
    TeamEra.system == "pfr",
    TeamEra.code == _pick.team,
    TeamEra.first_season <= _pick.season,
    func.coalesce(TeamEra.last_season, _pick.season) >= _pick.season,
)

SEASONS = compile_statement(
    select(SeasonCount.season, SeasonCount.row_count)
    .where(SeasonCount.dataset == "draft_picks", SeasonCount.row_count > 0)
    .order_by(SeasonCount.season.desc())
)

_filtered_by = (
    _pick.round,
    Position.position_group,
    Franchise.slug.label("franchise_slug"),
    func.coalesce(TeamEra.team_name, Franchise.name).label("team_name"),
    College.slug.label("college_slug"),
    College.name.label("college"),
)
#: What the selections of one class can be filtered by, with the number of selections of each combination.
CLASS_FACETS = compile_statement(
    select(*_filtered_by, func.count().label("count"))
    .join_from(draft_pick, Franchise, Franchise.franchise_id == _pick.franchise_id)
    .outerjoin(TeamEra, _era)
    .join(Position, Position.code == _pick.position)
    .outerjoin(College, College.college_id == _pick.college_id)
    .where(_pick.season == bindparam("season", type_=Integer))
    .group_by(*_filtered_by)
)


@dataclass(frozen=True, slots=True)
class Facet:
    """Selections of a class that are alike in everything that a class can be filtered by, and how many there are."""

    round: int
    position_group: str
    franchise_slug: str
    team_name: str
    college_slug: str | None
    college: str | None
    count: int


async def class_seasons(context: ServiceContext) -> list[int]:
    """List every season with a draft class, newest first."""
    return [row["season"] for row in await context.database.fetch(SEASONS)]


async def class_facets(context: ServiceContext, season: int) -> list[Facet]:
    """Return what the selections of one class can be filtered by; nothing for a class that does not exist."""
    return [Facet(**row) for row in await context.database.fetch(CLASS_FACETS, {"season": season})]


async def class_picks(context: ServiceContext, season: int, filters: Mapping[str, object], limit: int | None = None) -> list[Row]:
    """Return the selections of one class that pass the filters, as the list of draft picks has them; ``sort`` is one of its orders.

    At most ``limit`` of them, by default all. A name without a letter or digit matches no selection.

    Raises:
        InvalidParameter: the list does not know another value of the filter.
    """
    if "q" in filters and not name_key(str(filters["q"])):
        return []
    values = {**filters, "season": season, "fields": ",".join(PICK_FIELDS), "limit": limit or LARGEST_PAGE}
    query = await query_list(context, DRAFT_PICKS, LISTING, DraftPickParameters.model_validate(values))
    rows = await every_row(query) if limit is None else (await query.page()).items
    references = await context.references(query.version)
    return [with_team_names(row, references) for row in rows]
