"""How people without a selection in the draft file entered the league."""

from collections.abc import Iterable

from sqlalchemy import Integer, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.athletics.schemas import Comparable, Compared
from app.context import ServiceContext
from app.db.models import facts
from app.db.statements import compile_statement
from app.web.wording import entry_facts

_career = facts["players"].c
_CAREERS = compile_statement(
    select(*(_career[name] for name in ("person_id", "selection", "draft_year", "draft_round", "rookie_season", "last_season")))
    .where(_career.person_id == func.any(bindparam("person_ids", type_=ARRAY(Integer))))
    .order_by(_career.rookie_season.desc())
)


async def entries_of(context: ServiceContext, people: Iterable[Compared | Comparable]) -> dict[int, str]:
    """Say of each person without a selection how he entered the league, such as through a supplemental draft; nothing without a career."""
    ids = [person.person_id for person in people if not person.selections]
    rows = await context.database.fetch(_CAREERS, {"person_ids": ids}) if ids else []
    return {row["person_id"]: entry_facts(dict(row))[0] for row in rows}
