"""The small tables that give meaning to codes and spellings, held in memory for one version of the data."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

import asyncpg
import msgspec
from sqlalchemy import select

from app.db import models
from app.db.database import Database
from app.db.statements import compile_statement
from app.errors import InvalidParameter
from app.errors.wording import did_you_mean
from app.names import fold_code, name_key

_FRANCHISES = compile_statement(select(models.Franchise).order_by(models.Franchise.code))
_ERAS = compile_statement(select(models.TeamEra).order_by(models.TeamEra.first_season, models.TeamEra.code))
_COLLEGES = compile_statement(select(models.College.college_id, models.College.slug, models.College.name))
_ALIASES = compile_statement(select(models.CollegeAlias))
_POSITIONS = compile_statement(select(models.Position))

#: Codes that mean an edge rusher by themselves, and what marks that the role was asked for; it is not a code of any source.
EDGE_CODES = ("DE", "EDGE")
EDGE_ROLE = "EDGE (role)"

T = TypeVar("T", bound=msgspec.Struct)


class Franchise(msgspec.Struct, frozen=True):
    """One of the 32 clubs; ``code`` is today's abbreviation."""

    franchise_id: int
    code: str
    slug: str
    name: str
    conference: str
    division: str


class TeamEra(msgspec.Struct, frozen=True):
    """A code or team name that meant this franchise from ``first_season`` to ``last_season`` (``None``: still does)."""

    system: str
    code: str
    first_season: int
    last_season: int | None
    franchise_id: int
    team_name: str

    def covers(self, season: int) -> bool:
        """Check that the code was in use in that season."""
        return self.first_season <= season and (self.last_season is None or season <= self.last_season)


class College(msgspec.Struct, frozen=True):
    """A college under its canonical name."""

    college_id: int
    slug: str
    name: str


class Position(msgspec.Struct, frozen=True):
    """A code as a source writes it, and what it means."""

    code: str
    leaf: str
    position_group: str
    side: str


@dataclass(frozen=True, slots=True)
class References:
    """A snapshot of the reference tables, and how to resolve what people type against it.

    Every ``…_of`` method raises ``InvalidParameter`` naming the parameter when a value means nothing, or more than one thing.
    """

    franchises: dict[int, Franchise]
    eras: tuple[TeamEra, ...]
    colleges: dict[int, College]
    positions: dict[str, Position]
    franchise_names: dict[str, int]
    college_names: dict[str, int]

    def franchise_of(self, text: str, season: int | None = None, parameter: str = "franchise") -> Franchise:
        """Resolve a code of any system, a slug or a name to its franchise; the season decides about a code that changed hands.

        With a season, the code as recorded in that season wins, in the draft before elsewhere; without one, today's codes win over
        historic ones.
        """
        code = fold_code(text)
        eras = sorted((era for era in self.eras if era.code.upper() == code), key=lambda era: era.system != "pfr")
        if season is not None:
            for era in eras:
                if era.covers(season):
                    return self.franchises[era.franchise_id]
        known = self.franchise_names.get(name_key(text))
        if known is not None:
            return self.franchises[known]
        meant = {era.franchise_id for era in eras}
        if len(meant) == 1:
            return self.franchises[meant.pop()]
        if meant:
            used = {self.franchises[era.franchise_id].slug: _years(era) for era in reversed(eras)}
            choices = ", ".join(f"{slug} ({years})" for slug, years in reversed(used.items()))
            if season is None:
                problem = f"{code} has been used by more than one franchise: add a season, or choose one of {choices}."
            else:
                problem = f"No franchise used {code} in {season}: choose another season, or one of {choices}."
            raise InvalidParameter(parameter, problem, text)
        raise InvalidParameter(parameter, _unknown("franchise", text, [each.slug for each in self.franchises.values()]), text)

    def team_name(self, code: str, season: int) -> str:
        """Return what the franchise that has this code today was called in a season."""
        club = next((each for each in self.franchises.values() if each.code == code), None)
        if club is None:
            return code
        eras = (era for era in self.eras if era.system == "pfr" and era.franchise_id == club.franchise_id and era.covers(season))
        return next((era.team_name for era in eras), club.name)

    def nflverse_team(self, franchise_id: int) -> str | None:
        """Return the code of the franchise in nflverse's tables."""
        codes = (era.code for era in self.eras if era.system == "nfl" and era.last_season is None and era.franchise_id == franchise_id)
        return next(codes, None)

    def college_of(self, text: str, parameter: str = "college") -> College:
        """Resolve a slug, name or alias to its college."""
        college_id = self.college_names.get(name_key(text))
        if college_id is None:
            raise InvalidParameter(parameter, _unknown("college", text, [each.slug for each in self.colleges.values()]), text)
        return self.colleges[college_id]

    def position_codes(self, texts: Iterable[str], parameter: str = "position") -> list[str]:
        """Return every code of what the texts name: codes, roles or groups.

        A code stands for its role. EDGE stands for the codes DE and EDGE, and for linebackers who rush where a list knows them.
        """
        return sorted({code for text in texts for code in self._codes_of(text, parameter)})

    def _codes_of(self, text: str, parameter: str) -> set[str]:
        wanted = fold_code(text)
        if wanted == "EDGE":
            return {*EDGE_CODES, EDGE_ROLE}
        leaf = self.positions[wanted].leaf if wanted in self.positions else wanted
        codes = {each.code for each in self.positions.values() if leaf == each.leaf or wanted == each.position_group}
        if not codes:
            known = sorted({*self.positions, *(each.position_group for each in self.positions.values())})
            hint = did_you_mean(text, known)
            raise InvalidParameter(parameter, f"Unknown position {text!r}. {hint}Choose one of {', '.join(known)}.", text)
        return codes

    def group_codes(self, group: str) -> list[str]:
        """Return every code of a position group."""
        return sorted(each.code for each in self.positions.values() if each.position_group == group)

    def side_codes(self, side: str) -> list[str]:
        """Return every code of a side."""
        return sorted(each.code for each in self.positions.values() if each.side == side)


def _years(era: TeamEra) -> str:
    return f"{era.first_season}-{era.last_season or 'today'}"


def _unknown(kind: str, text: str, slugs: list[str]) -> str:
    hint = did_you_mean(name_key(text).replace(" ", "-"), slugs, most=5, cutoff=0.5)
    return f"Unknown {kind} {text!r}. {hint}".rstrip()


async def load_references(database: Database) -> References:
    """Read the reference tables."""
    franchises = {each.franchise_id: each for each in _structs(await database.fetch(_FRANCHISES), Franchise)}
    colleges = {each.college_id: each for each in _structs(await database.fetch(_COLLEGES), College)}
    aliases = await database.fetch(_ALIASES)
    return References(
        franchises=franchises,
        eras=tuple(_structs(await database.fetch(_ERAS), TeamEra)),
        colleges=colleges,
        positions={each.code: each for each in _structs(await database.fetch(_POSITIONS), Position)},
        franchise_names=_franchise_names(franchises.values()),
        college_names=_college_names(colleges.values(), aliases),
    )


def _structs(rows: list[asyncpg.Record], struct: type[T]) -> list[T]:
    return [msgspec.convert(dict(row), struct) for row in rows]


def _franchise_names(franchises: Iterable[Franchise]) -> dict[str, int]:
    names: dict[str, int] = {}
    for each in franchises:
        for spelling in (each.code, each.slug, each.name):
            names[name_key(spelling)] = each.franchise_id
    return names


def _college_names(colleges: Iterable[College], aliases: list[asyncpg.Record]) -> dict[str, int]:
    """Map names to colleges, aliases first, so that a canonical name or a slug takes precedence over another college's alias."""
    names = {name_key(row["alias"]): int(row["college_id"]) for row in aliases}
    names |= {name_key(each.name): each.college_id for each in colleges}
    return names | {name_key(each.slug): each.college_id for each in colleges}
