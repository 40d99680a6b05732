"""The plain way to write the same two answers: FastAPI, one ORM session per request, objects, and a response model that validates them.

Well meant, not a straw man: asynchronous driver, eager loading instead of a query per row, a pool as large as the number of clients.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel, create_model
from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import joinedload, selectinload

from app.datasets.combine import DRILLS
from app.db.models import draft_pick
from app.draft_picks.queries import DEFAULT_FIELDS, FIELDS
from app.listing.model import FieldInfo, Kind
from app.people.queries import CAREER_FIELDS, CAREERS, SELECTION_FIELDS
from app.people.schemas import Alias, CombineEntry, ExternalId
from benchmarks.peer_models import TABLES, Career, Conflict, Distribution, Entry, Person, Pick, map_models

TIMES = ("forty", "cone", "shuttle")
#: What belongs to a pick, read in the same query.
PICK_PARTS = ("franchise_row", "team_row", "position_row", "college_row")
KINDS: dict[Kind, type] = {Kind.INTEGER: int, Kind.NUMBER: float, Kind.BOOLEAN: bool, Kind.TEXT: str}


def schema(name: str, fields: Sequence[str], known: Mapping[str, FieldInfo] = FIELDS) -> type[BaseModel]:
    definitions = {each: (KINDS[known[each].kind] | None, ...) for each in fields}
    return create_model(name, **definitions)  # type: ignore[call-overload, no-any-return]


PickOut = schema("PickOut", DEFAULT_FIELDS)
SelectionOut = schema("SelectionOut", SELECTION_FIELDS)
CareerOut = schema("CareerOut", CAREER_FIELDS, CAREERS.fields)


class PickPage(BaseModel):
    items: list[PickOut]  # type: ignore[valid-type]
    total: int


class ConflictOut(BaseModel):
    conflict_id: int
    reason: str
    id_type: str
    value: str
    state: str
    person_id: int
    other_person_id: int


class PersonOut(BaseModel):
    person_id: int
    name: str
    position: str | None
    position_leaf: str | None
    position_group: str | None
    college: str | None
    college_slug: str | None
    first_season: int
    last_season: int
    synthetic: bool
    aliases: list[Alias]
    external_ids: list[ExternalId]
    selections: list[SelectionOut]  # type: ignore[valid-type]
    careers: list[CareerOut]  # type: ignore[valid-type]
    combine: list[CombineEntry]
    conflicts: list[ConflictOut]


# --- application --------------------------------------------------------------------------------------------------------------


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.app.state.sessions() as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_session)]


def create_app(dsn: str) -> FastAPI:
    """The peer over the same database."""
    map_models()
    engine = create_async_engine(dsn.replace("postgresql://", "postgresql+asyncpg://"), pool_size=32, max_overflow=0)
    app = FastAPI()
    app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/draft-picks", response_model=PickPage)
    async def list_picks(session: SessionDep, season: int, limit: int = 50) -> object:
        wanted = draft_pick.c.season == season
        total = await session.scalar(select(func.count()).select_from(Pick).where(wanted))
        query = (
            select(Pick)
            .options(*(joinedload(getattr(Pick, part)) for part in PICK_PARTS))
            .where(wanted)
            .order_by(draft_pick.c.season, draft_pick.c.pick)
            .limit(limit)
        )
        return {"items": (await session.scalars(query)).all(), "total": total}

    @app.get("/people/{person_id}", response_model=PersonOut)
    async def show_person(session: SessionDep, person_id: int) -> object:
        picks = selectinload(Person.picks)  # type: ignore[arg-type]
        person = await session.scalar(
            select(Person)
            .options(
                joinedload(Person.position_row),  # type: ignore[arg-type]
                joinedload(Person.college_row),  # type: ignore[arg-type]
                selectinload(Person.aliases),  # type: ignore[arg-type]
                selectinload(Person.external_ids),  # type: ignore[arg-type]
                picks.options(*(joinedload(getattr(Pick, part)) for part in PICK_PARTS)),
                selectinload(Person.entries).options(joinedload(Entry.position_row)),  # type: ignore[arg-type]
                selectinload(Person.careers).options(joinedload(Career.position_row), joinedload(Career.college_row)),  # type: ignore[arg-type]
            )
            .where(TABLES["person"].c.person_id == person_id)
        )
        if person is None:
            raise HTTPException(404)
        claims = TABLES["identity_conflict"].c
        conflicts = await session.scalars(select(Conflict).where(or_(claims.person_id == person_id, claims.other_person_id == person_id)))
        return {
            **{name: getattr(person, name) for name in ("person_id", "name", "position", "first_season", "last_season", "synthetic")},
            "position_leaf": person.position_leaf,
            "position_group": person.position_group,
            "college": person.college_row.name if person.college_row else None,
            "college_slug": person.college_slug,
            "aliases": person.aliases,
            "external_ids": person.external_ids,
            "selections": person.picks,
            "careers": person.careers,
            "combine": [await _entry(session, entry) for entry in person.entries],
            "conflicts": conflicts.all(),
        }

    return app


async def _entry(session: AsyncSession, entry: Entry) -> dict[str, object]:
    """One query for the places of all drills of an entry."""
    place = TABLES["drill_distribution"].c
    values = {drill: float(value) for drill in DRILLS if (value := getattr(entry, drill)) is not None}
    same = or_(*(and_(place.drill == drill, place.value == value) for drill, value in values.items()))
    who = or_(
        and_(place.scope == "leaf", place.position == entry.position_leaf),
        and_(place.scope == "group", place.position == entry.position_group),
    )
    found = {(each.scope, each.drill): each for each in (await session.scalars(select(Distribution).where(who, same))).all()}
    shown = {name: getattr(entry, name) for name in CombineEntry.model_fields if name != "drills"}
    return {**shown, "drills": [{"drill": drill, "value": value, "place": _place(found, drill, entry)} for drill, value in values.items()]}


def _place(found: dict[tuple[str, str], Distribution], drill: str, entry: Entry) -> dict[str, object] | None:
    leaf, group = found.get(("leaf", drill)), found.get(("group", drill))
    best = leaf if leaf is not None and leaf.total >= 20 else group
    if best is None:
        return None
    note = None
    if best is group:
        note = f"only {leaf.total if leaf else 0} values for {entry.position_leaf}: compared with the group {entry.position_group}"
    share = 100 * (best.lower + best.equal / 2) / best.total
    percentile = round(100 - share if drill in TIMES else share, 2)
    return {"percentile": percentile, "total": best.total, "scope": best.scope, "position": best.position, "note": note}
