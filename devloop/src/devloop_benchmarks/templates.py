"""The text of the generated application's modules. ``$$name`` and ``$$Name`` stand for a domain."""

from __future__ import annotations

BASE = '''"""What every module needs: settings, the declarative base, the common schema."""

from __future__ import annotations

import os
from functools import lru_cache

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

MARK = "mark-00000000"


class Settings(BaseModel):
    database_url: str = Field(default_factory=lambda: os.environ["DATABASE_URL"])
    page_size: int = 50
    pool_size: int = 5


@lru_cache
def get_settings() -> Settings:
    return Settings()


class Table(DeclarativeBase):
    metadata = MetaData(naming_convention={"pk": "pk_%(table_name)s", "ix": "ix_%(column_0_label)s", "fk": "fk_%(table_name)s"})


class Schema(BaseModel):
    model_config = ConfigDict(from_attributes=True, str_strip_whitespace=True)


class Marked(Schema):
    mark: str
    base: str = Field(default_factory=lambda: MARK)
'''

MODELS = '''"""The tables of a $name."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from league.base import Table


class $Name(Table):
    __tablename__ = "$name"
    __table_args__ = (Index("ix_${name}_name_season", "name", "season"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), index=True)
    season: Mapped[int]
    city: Mapped[str | None] = mapped_column(String(80))
    founded: Mapped[date | None]
    rating: Mapped[float] = mapped_column(default=0.0)
    active: Mapped[bool] = mapped_column(default=True)
    created: Mapped[datetime] = mapped_column(server_default=func.now())
    notes: Mapped[list[${Name}Note]] = relationship(back_populates="$name", cascade="all, delete-orphan")


class ${Name}Note(Table):
    __tablename__ = "${name}_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    ${name}_id: Mapped[int] = mapped_column(ForeignKey("$name.id"))
    text: Mapped[str]
    written: Mapped[datetime] = mapped_column(server_default=func.now())
    $name: Mapped[$Name] = relationship(back_populates="notes")
'''

SCHEMAS = '''"""What requests for a $name bring and what answers carry."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, field_validator

from league.base import Marked, Schema

Name = Annotated[str, Field(min_length=1, max_length=80)]


class ${Name}Create(Schema):
    name: Name
    season: int = Field(ge=1920, le=2100)
    city: str | None = None
    founded: date | None = None
    rating: float = Field(default=0.0, ge=0, le=100)

    @field_validator("name")
    @classmethod
    def no_digits(cls, value: str) -> str:
        if any(character.isdigit() for character in value):
            raise ValueError("a name has no digits")
        return value


class ${Name}Update(Schema):
    name: Name | None = None
    city: str | None = None
    rating: float | None = Field(default=None, ge=0, le=100)
    active: bool | None = None


class ${Name}Out(Schema):
    id: int
    name: str
    season: int
    city: str | None
    rating: float
    active: bool


class ${Name}Answer(Marked):
    item: ${Name}Out


class ${Name}Page(Marked):
    items: list[${Name}Out]
    total: int
'''

SERVICE = '''"""The rules of a $name; rows are kept in memory, statements are built as for a database."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

from sqlalchemy import Select, func, select

from league.base import get_settings
from league.models.$name import $Name, ${Name}Note
from league.schemas.$name import ${Name}Create, ${Name}Out, ${Name}Update


class Unknown$Name(LookupError):
    pass


def page_of(season: int, number: int) -> Select[tuple[$Name, int]]:
    size = get_settings().page_size
    notes = select(func.count()).where(${Name}Note.${name}_id == $Name.id).scalar_subquery()
    return select($Name, notes).where($Name.season == season).order_by($Name.name).limit(size).offset(size * number)


@dataclass
class ${Name}Service:
    rows: dict[int, ${Name}Out] = field(default_factory=dict)
    numbers: count[int] = field(default_factory=lambda: count(1))

    def create(self, wanted: ${Name}Create) -> ${Name}Out:
        row = ${Name}Out(id=next(self.numbers), active=True, **wanted.model_dump(exclude={"founded"}))
        self.rows[row.id] = row
        return row

    def get(self, number: int) -> ${Name}Out:
        if number not in self.rows:
            raise Unknown$Name(number)
        return self.rows[number]

    def update(self, number: int, wanted: ${Name}Update) -> ${Name}Out:
        row = self.get(number).model_copy(update=wanted.model_dump(exclude_unset=True))
        self.rows[number] = row
        return row

    def remove(self, number: int) -> None:
        self.rows.pop(self.get(number).id)


def example() -> ${Name}Service:
    service = ${Name}Service()
    for season in range(2015, 2025):
        service.create(${Name}Create(name="Example", season=season, city="Anywhere", rating=50))
    return service
'''

ROUTER = '''"""The routes of a $name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query

from league.base import Settings, get_settings
from league.schemas.$name import ${Name}Answer, ${Name}Create, ${Name}Page, ${Name}Update
from league.services.$name import ${Name}Service, Unknown$Name, example, page_of

MARK = "mark-00000000"

router = APIRouter(prefix="/$name", tags=["$name"])
_service = example()


async def get_service(settings: Annotated[Settings, Depends(get_settings)]) -> AsyncIterator[${Name}Service]:
    assert settings.page_size
    yield _service


ServiceDep = Annotated[${Name}Service, Depends(get_service)]


@router.get("/mark", response_model=${Name}Page)
@router.get("/asynchronous", response_model=${Name}Page)
async def list_asynchronous(limit: Annotated[int, Query(ge=1, le=100)] = 10) -> object:
    rows = list(_service.rows.values())
    return {"mark": MARK, "items": rows[:limit], "total": len(rows)}


@router.get("/threaded", response_model=${Name}Page)
def list_threaded(limit: Annotated[int, Query(ge=1, le=100)] = 10) -> object:
    rows = list(_service.rows.values())
    return {"mark": MARK, "items": rows[:limit], "total": len(rows)}


@router.get("/dependent", response_model=${Name}Page)
async def list_dependent(service: ServiceDep, season: int = 2020) -> object:
    str(page_of(season, 0))
    rows = [row for row in service.rows.values() if row.season >= season]
    return {"mark": MARK, "items": rows, "total": len(rows)}


@router.get("/paused")
async def paused(number: int = 1) -> dict[str, int | str]:
    doubled = number * 2
    total = doubled + number  # breakpoint
    difference = total - doubled
    product = total * difference
    return {"mark": MARK, "total": total, "product": product}


@router.get("/by-number/{number}", response_model=${Name}Answer)
async def show(number: int, service: ServiceDep) -> object:
    try:
        return {"mark": MARK, "item": service.get(number)}
    except Unknown$Name as error:
        raise HTTPException(404) from error


@router.post("", response_model=${Name}Answer, status_code=201)
async def create(wanted: ${Name}Create, service: ServiceDep) -> object:
    return {"mark": MARK, "item": service.create(wanted)}


@router.patch("/by-number/{number}", response_model=${Name}Answer)
async def update(number: int, wanted: ${Name}Update, service: ServiceDep) -> object:
    return {"mark": MARK, "item": service.update(number, wanted)}
'''

MAIN = '''"""The application."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from sqlalchemy import text

from league.base import MARK, get_settings
$imports


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings = get_settings()
    if not settings.database_url:
        yield
        return
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(settings.database_url.replace("postgresql://", "postgresql+asyncpg://"), pool_size=settings.pool_size)
    async with engine.connect() as connection:
        await connection.execute(text("select 1"))
    app.state.engine = engine
    yield
    await engine.dispose()


app = FastAPI(title="League", lifespan=lifespan)
for router in ($routers):
    app.include_router(router)


@app.get("/pid")
async def pid() -> dict[str, int | str]:
    return {"pid": os.getpid(), "base": MARK}


def configuration() -> uvicorn.Config:
    return uvicorn.Config(app, access_log=False, log_level="warning")
'''

RULE = '''"""Rule $number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from league.base import get_settings
$imports

class Level$number(StrEnum):
    LOW = "low"
    HIGH = "high"


@dataclass
class Rule$number:
    name: str
    least: int = 0
    most: int = 100
    level: Level$number = Level$number.LOW

    def applies(self, value: int) -> bool:
        return self.least <= value <= self.most

    def describe(self) -> str:
        return f"{self.name}: {self.least} to {self.most}, {self.level}"


def admitted(rule: Rule$number, values: Iterable[int]) -> list[int]:
    """The values to which the rule applies, one page of them."""
    found = sorted(value for value in values if rule.applies(value))
    return found[: get_settings().page_size]


def strictest(rules: Iterable[Rule$number]) -> Rule$number | None:
    return min(rules, key=lambda rule: rule.most - rule.least, default=None)
'''
