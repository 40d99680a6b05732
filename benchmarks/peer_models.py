"""The peer's tables as classes, mapped with the ORM."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Table, and_
from sqlalchemy.orm import registry, relationship

from app.db.models import Base, combine_entry, draft_pick

TABLES = Base.metadata.tables


class Franchise:
    code: str


class Team:
    code: str


class Position:
    leaf: str
    position_group: str
    side: str


class College:
    name: str
    slug: str


class Alias:
    name: str
    dataset: str


class ExternalId:
    id_type: str

    @property
    def type(self) -> str:
        return self.id_type


class OfPosition:
    position_row: Position | None

    @property
    def position_leaf(self) -> str | None:
        return self.position_row.leaf if self.position_row else None

    @property
    def position_group(self) -> str | None:
        return self.position_row.position_group if self.position_row else None


class OfCollege:
    college_row: College | None

    @property
    def college_slug(self) -> str | None:
        return self.college_row.slug if self.college_row else None


class Pick(OfPosition, OfCollege):
    pfr_player_name: str
    franchise_row: Franchise | None
    team_row: Team | None

    @property
    def name(self) -> str:
        return self.pfr_player_name

    @property
    def franchise(self) -> str | None:
        return self.franchise_row.code if self.franchise_row else None

    @property
    def nflverse_team(self) -> str | None:
        return self.team_row.code if self.team_row else None

    @property
    def position_side(self) -> str | None:
        return self.position_row.side if self.position_row else None

    @property
    def college_name(self) -> str | None:
        return self.college_row.name if self.college_row else None


class Entry(OfPosition):
    pass


class Career(OfPosition, OfCollege):
    born: date | None

    @property
    def birth_date(self) -> str | None:
        return self.born.isoformat() if self.born else None

    @property
    def college(self) -> str | None:
        return self.college_row.name if self.college_row else None


class Distribution:
    scope: str
    position: str
    drill: str
    value: float
    lower: int
    equal: int
    total: int


class Conflict:
    pass


class Person(OfPosition, OfCollege):
    person_id: int
    name: str
    position: str | None
    first_season: int
    last_season: int
    synthetic: bool
    aliases: list[Alias]
    external_ids: list[ExternalId]
    picks: list[Pick]
    entries: list[Entry]
    careers: list[Career]


def map_models() -> None:
    """Map the classes; the relations have no foreign keys."""
    mapper = registry()
    for model, table in (
        (Franchise, TABLES["franchise"]),
        (Team, TABLES["team_era"]),
        (Position, TABLES["position"]),
        (College, TABLES["college"]),
        (Alias, TABLES["person_alias"]),
        (ExternalId, TABLES["external_id"]),
        (Distribution, TABLES["drill_distribution"]),
        (Conflict, TABLES["identity_conflict"]),
    ):
        mapper.map_imperatively(model, table)

    targets: dict[object, Table] = {Franchise: TABLES["franchise"], Position: TABLES["position"], College: TABLES["college"]}

    def one(target: type, table: Table, column: str, remote: str) -> object:
        own = table.c[column]
        other = targets[target].c[remote]
        return relationship(target, primaryjoin=own == other, foreign_keys=[own], viewonly=True)

    def many(target: type, table: Table, order: str) -> object:
        other = table.c.person_id
        return relationship(
            target, primaryjoin=TABLES["person"].c.person_id == other, foreign_keys=[other], order_by=table.c[order], viewonly=True
        )

    era = TABLES["team_era"].c
    of_today = and_(era.franchise_id == draft_pick.c.franchise_id, era.system == "nfl", era.last_season.is_(None))
    mapper.map_imperatively(
        Pick,
        draft_pick,
        properties={
            "team_row": relationship(Team, primaryjoin=of_today, foreign_keys=[draft_pick.c.franchise_id], viewonly=True),
            "franchise_row": one(Franchise, draft_pick, "franchise_id", "franchise_id"),
            "position_row": one(Position, draft_pick, "position", "code"),
            "college_row": one(College, draft_pick, "college_id", "college_id"),
        },
    )
    mapper.map_imperatively(Entry, combine_entry, properties={"position_row": one(Position, combine_entry, "pos", "code")})
    players = TABLES["player"]
    mapper.map_imperatively(
        Career,
        players,
        properties={
            "born": players.c.birth_date,
            "position_row": one(Position, players, "position", "code"),
            "college_row": one(College, players, "college_id", "college_id"),
        },
    )
    mapper.map_imperatively(
        Person,
        TABLES["person"],
        properties={
            "position_row": one(Position, TABLES["person"], "position", "code"),
            "college_row": one(College, TABLES["person"], "college_id", "college_id"),
            "aliases": many(Alias, TABLES["person_alias"], "name"),
            "external_ids": many(ExternalId, TABLES["external_id"], "id_type"),
            "picks": many(Pick, draft_pick, "season"),
            "entries": many(Entry, combine_entry, "season"),
            "careers": many(Career, players, "gsis_id"),
        },
    )
