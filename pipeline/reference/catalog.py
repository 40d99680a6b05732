"""The reference lists, read from the CSV files in this folder, and synchronised with the database."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import asyncpg
import polars as pl

from pipeline.reference.college_names import college_key, slug

_HERE = Path(__file__).parent


def _read(name: str) -> list[dict[str, str]]:
    with (_HERE / name).open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@dataclass(frozen=True, slots=True)
class TeamEra:
    """A code (or full name) of one franchise in a range of seasons, both ends included."""

    system: str
    code: str
    first_season: int
    last_season: int | None
    franchise_id: int
    team_name: str


@cache
def team_eras() -> tuple[TeamEra, ...]:
    """Return every code that a source uses for a team, with its seasons."""
    return tuple(
        TeamEra(
            row["system"],
            row["code"],
            int(row["first_season"]),
            int(row["last_season"]) if row["last_season"] else None,
            int(row["franchise_id"]),
            row["team_name"],
        )
        for row in _read("team_eras.csv")
    )


@cache
def positions() -> dict[str, tuple[str, str, str]]:
    """Map raw position codes to (leaf, group, side)."""
    return {row["code"]: (row["leaf"], row["position_group"], row["side"]) for row in _read("positions.csv")}


@cache
def college_aliases() -> dict[str, str]:
    """Map keys of known spellings to the canonical name of the college."""
    names: dict[str, str] = {}
    for row in _read("colleges.csv"):
        for spelling in (row["name"], *filter(None, row["aliases"].split("|"))):
            names[college_key(spelling)] = row["name"]
    return names


@cache
def nicknames() -> dict[str, frozenset[str]]:
    """Map given names to what their bearers are called."""
    return {row["name"]: frozenset(row["nicknames"].split("|")) for row in _read("nicknames.csv")}


def position_frame() -> pl.DataFrame:
    """Return the positions as a frame to join with: code, leaf, position_group, position_side."""
    rows = [(code, leaf, group, side) for code, (leaf, group, side) in positions().items()]
    return pl.DataFrame(rows, schema=["code", "position_leaf", "position_group", "position_side"], orient="row")


def franchise_frame(system: str = "pfr") -> pl.DataFrame:
    """Return every (team code, season) of a franchise: team, season, franchise_id (as Int32), and today's codes.

    ``system`` says whose codes ``team`` are: ``pfr`` those of the draft, ``nfl`` those of trades, ``name`` the names of the combine.
    ``franchise`` is our code, ``nflverse_team`` that of nflverse's tables.
    """
    codes = {int(row["franchise_id"]): row["code"] for row in _read("franchises.csv")}
    nflverse = {era.franchise_id: era.code for era in team_eras() if era.system == "nfl" and era.last_season is None}
    rows = [
        (era.code, season, era.franchise_id, codes[era.franchise_id], nflverse[era.franchise_id])
        for era in team_eras()
        if era.system == system
        for season in range(max(era.first_season, 1936), (era.last_season or 2100) + 1)
    ]
    schema = {"team": pl.String, "season": pl.Int32, "franchise_id": pl.Int32, "franchise": pl.String, "nflverse_team": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


#: What lists show of the reference tables. Colleges are left out: rows have their keys, and their names do not change.
_SHOWN = "select md5(concat_ws('/', {}))".format(
    ", ".join(f"(select string_agg(t::text, ',' order by t) from {table} t)" for table in ("franchise", "team_era", "position"))
)


async def sync_reference(connection: asyncpg.Connection) -> None:
    """Write the lists to the database.

    Where they differ from what is there, every data set has a new version: its list shows other names.
    """
    async with connection.transaction():
        before = await connection.fetchval(_SHOWN)
        await connection.executemany(
            "insert into franchise (franchise_id, code, slug, name, conference, division) values ($1, $2, $3, $4, $5, $6)"
            " on conflict (franchise_id) do update set (code, slug, name, conference, division)"
            " = (excluded.code, excluded.slug, excluded.name, excluded.conference, excluded.division)",
            [(int(r["franchise_id"]), r["code"], r["slug"], r["name"], r["conference"], r["division"]) for r in _read("franchises.csv")],
        )
        await connection.executemany(
            "insert into team_era (system, code, first_season, last_season, franchise_id, team_name) values ($1, $2, $3, $4, $5, $6)"
            " on conflict (system, code, first_season) do update set (last_season, franchise_id, team_name)"
            " = (excluded.last_season, excluded.franchise_id, excluded.team_name)",
            [(e.system, e.code, e.first_season, e.last_season, e.franchise_id, e.team_name) for e in team_eras()],
        )
        await connection.executemany(
            "insert into position (code, leaf, position_group, side) values ($1, $2, $3, $4)"
            " on conflict (code) do update set (leaf, position_group, side) = (excluded.leaf, excluded.position_group, excluded.side)",
            [(code, *names) for code, names in positions().items()],
        )
        await connection.executemany(
            "insert into college (slug, name, curated) values ($1, $2, true) on conflict (slug) do update set curated = true",
            [(slug(r["name"]), r["name"]) for r in _read("colleges.csv")],
        )
        # the curated aliases too, so that a person may search for UCF although no source has written it yet
        await connection.executemany(
            "insert into college_alias (alias, college_id) select $1, college_id from college where name = $2"
            " on conflict (alias) do nothing",
            [(a, r["name"]) for r in _read("colleges.csv") for a in (r["name"], *filter(None, r["aliases"].split("|")))],
        )
        if await connection.fetchval(_SHOWN) != before:
            await connection.execute("update dataset set version = version + 1, updated_at = now() where row_count > 0")
            await connection.execute("select pg_notify('dataset_changed', dataset || ':' || version) from dataset where row_count > 0")
