"""Colleges for every caller."""

from app.colleges.queries import ALIASES, CLASSES, LISTING
from app.colleges.schemas import CollegeDetail, CollegeParameters
from app.context import ServiceContext
from app.errors import InvalidParameter, NotFound
from app.franchises.schemas import ClassCount
from app.listing.filters import exact_key
from app.listing.query import ListQuery


async def list_colleges(context: ServiceContext, parameters: CollegeParameters) -> ListQuery:
    """Return the query for colleges, those with most selections first."""
    version = await context.version()
    filters: dict[str, object] = {}
    if parameters.q is not None:
        words = [f" {word}" for word in exact_key(parameters.q, "q").split(" ")]
        names = (await context.references(version)).college_names
        filters["college_ids"] = sorted({found for name, found in names.items() if all(word in f" {name}" for word in words)})
    return ListQuery(context, LISTING, parameters, filters, version)


async def college_detail(context: ServiceContext, slug: str) -> CollegeDetail:
    """Return a college by slug, name or any known spelling.

    Raises:
        NotFound: no college is called so.
    """
    version = await context.version()
    try:
        college = (await context.references(version)).college_of(slug)
    except InvalidParameter as error:
        raise NotFound(error.message) from error
    page = await ListQuery(context, LISTING, CollegeParameters(), {"college_ids": [college.college_id]}, version).page()
    if not page.items:
        raise NotFound(f"College {slug!r} no longer exists.")
    wanted = {"college_id": college.college_id}
    aliases = await context.database.fetch(ALIASES, wanted)
    classes = await context.database.fetch(CLASSES, wanted)
    return CollegeDetail(
        college=page.items[0],
        aliases=[row["alias"] for row in aliases],
        classes=[ClassCount(season=row["season"], picks=row["picks"]) for row in classes],
        dataset_version=version.tag,
        synthetic=version.synthetic,
    )
