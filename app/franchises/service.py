"""Franchises for every caller."""

from collections.abc import Mapping

from msgspec.structs import asdict

from app.context import ServiceContext
from app.context.references import Franchise, References
from app.errors import InvalidParameter, NotFound
from app.franchises.queries import CLASSES, COUNTS
from app.franchises.schemas import ClassCount, FranchiseDetail, FranchiseList, FranchiseSummary

_NO_PICKS: Mapping[str, int | None] = {"picks": 0, "first_round_picks": 0, "hall_of_famers": 0, "first_season": None, "last_season": None}


async def list_franchises(context: ServiceContext) -> FranchiseList:
    """List all franchises by their code."""
    version = await context.version()
    references = await context.references(version)
    counts = {row["franchise_id"]: dict(row) for row in await context.database.fetch(COUNTS)}
    items = [_summary(each, references, counts) for each in references.franchises.values()]
    return FranchiseList(items=items, total=len(items), dataset_version=version.tag, synthetic=version.synthetic)


async def franchise_detail(context: ServiceContext, slug: str) -> FranchiseDetail:
    """Return a franchise by slug, code or name.

    Raises:
        NotFound: no franchise is called so, or more than one was.
    """
    version = await context.version()
    references = await context.references(version)
    try:
        franchise = references.franchise_of(slug)
    except InvalidParameter as error:
        raise NotFound(error.message) from error
    counts = {row["franchise_id"]: dict(row) for row in await context.database.fetch(COUNTS)}
    classes = await context.database.fetch(CLASSES, {"franchise_id": franchise.franchise_id})
    return FranchiseDetail(
        franchise=_summary(franchise, references, counts),
        classes=[ClassCount(season=row["season"], picks=row["picks"]) for row in classes],
        dataset_version=version.tag,
        synthetic=version.synthetic,
    )


def _summary(franchise: Franchise, references: References, counts: Mapping[int, Mapping[str, int | None]]) -> FranchiseSummary:
    eras = [asdict(era) for era in references.eras if era.franchise_id == franchise.franchise_id and era.system == "pfr"]
    return FranchiseSummary.model_validate(
        {
            **asdict(franchise),
            **_NO_PICKS,
            **counts.get(franchise.franchise_id, {}),
            "nflverse_team": references.nflverse_team(franchise.franchise_id),
            "eras": eras,
        }
    )
