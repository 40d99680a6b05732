"""Who the players are: the persons of picks and combine entries where the evidence fits, else persons who were unknown until now."""

from dataclasses import replace

import asyncpg
import polars as pl

from app.datasets.players import PLAYERS
from pipeline.sources.players.rules import with_selection
from pipeline.steps.copying import fetch_frame
from pipeline.steps.evidence import ID_POINTS, same_class, with_score
from pipeline.steps.identity import (
    Assignment,
    Carried,
    best_candidates,
    claimed_ids,
    clear_matches,
    fetch_people,
    note_doubts,
)
from pipeline.steps.normalise import for_matching, look_up, match_keys
from pipeline.steps.persons import Found, find_missing_persons

#: What matching looks at, in addition to what people are recognised by.
TOLD_COLUMNS = ("row", "season", "college_id", "display_name", "position", "gsis_id", "esb_id", "pfr_id")
#: Ids that a player and a person may share; they count for ``ID_POINTS``, and as much against where both have one and they differ.
ID_TYPES = ("gsis", "esb", "pfr")
#: Points lost where the career begins too far from the person's class: the sources give some players the id of a namesake.
FAR_AWAY = -3.0
#: Tables in which a person has a record besides his row here.
_PROOFS = ("draft_pick", "combine_entry")
#: What says that a row of the file is the one on record, so that it has nothing new about its person.
_RECORDED = {
    "gsis_id": pl.String, "person_id": pl.Int32, "display_name": pl.String, "esb_id": pl.String, "pfr_id": pl.String,
    "position": pl.String, "college_id": pl.Int32, "rookie_season": pl.Int32, "draft_year": pl.Int32,
}  # fmt: skip


async def find_persons(connection: asyncpg.Connection, rows: pl.DataFrame, run_id: int, _: Carried, *, synthetic: bool) -> Found:
    """Give every row its person, its selection and its age at the draft. The transaction belongs to the caller."""
    assignment = Assignment()
    starts = rows.with_columns(pl.coalesce("draft_year", "rookie_season").alias("season"))
    told = for_matching(starts, TOLD_COLUMNS, "display_name", "position")
    # the column of GSIS ids has an ESB id for players without one, which has a column of its own
    told = told.with_columns(pl.when(pl.col("gsis_id") != pl.col("esb_id").fill_null("")).then("gsis_id").alias("gsis_id"))
    stored = await _stored(connection, rows)
    _keep(stored.filter("is_proven"), assignment)
    # a player who was in no other source may be in one by now; he becomes that person, as if both had been loaded together
    loose = stored.filter(~pl.col("is_proven"))
    rest = told.filter(~pl.col("row").is_in(assignment.pairs()["row"].implode()))
    if len(rest):
        await _match(connection, rest, loose, assignment)
    found_elsewhere = loose.join(assignment.pairs(), on="row", how="semi")
    _keep(loose.join(found_elsewhere, on="row", how="anti"), assignment)
    # their ids are written again, for the person that they are now
    await connection.execute("delete from external_id where person_id = any($1)", found_elsewhere["person_id"].to_list())
    picks = await fetch_frame(
        connection,
        "select d.season, d.pick, d.person_id, p.name_key from draft_pick d join person p using (person_id)",
        {"season": pl.Int32, "pick": pl.Int32, "person_id": pl.Int32, "name_key": pl.String},
    )
    picks = picks.with_columns(match_keys(picks["name_key"]).alias("match_key")).drop("name_key")
    found = await find_missing_persons(connection, told, {}, assignment, PLAYERS, run_id, synthetic=synthetic, selected=picks["person_id"])
    with_persons, issues = with_selection(rows.with_columns(found.rows["person_id"], found.rows["match_key"]), picks)
    return replace(found, rows=with_persons, issues=issues)


async def _stored(connection: asyncpg.Connection, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that are on record with their person; ``same``: they say nothing new about him.

    ``is_proven``: the person has a selection or a combine entry. Rows whose person is gone are left out: a release that does not know
    players removes people who are nothing else.
    """
    proofs = " or ".join(f"exists (select from {table} o where o.person_id = t.person_id)" for table in _PROOFS)
    stored = await fetch_frame(
        connection,
        f"select {', '.join(f't.{name}' for name in _RECORDED)}, {proofs} as is_proven from player t join person p using (person_id)",
        {**_RECORDED, "is_proven": pl.Boolean},
    )
    known = rows.join(stored, on="gsis_id", suffix="_stored")
    same = pl.all_horizontal(
        pl.col(name).eq_missing(pl.col(f"{name}_stored")) for name in _RECORDED if name not in ("gsis_id", "person_id")
    )
    return known.select("row", "person_id", "is_proven", same.alias("same"))


def _keep(stored: pl.DataFrame, assignment: Assignment) -> None:
    """Give rows the person who is on record."""
    assignment.assign(stored)
    assignment.settle(stored.filter("same").with_columns(same_name=pl.lit(value=True)))


async def _match(connection: asyncpg.Connection, rows: pl.DataFrame, own: pl.DataFrame, assignment: Assignment) -> None:
    """Give rows the person for whom the evidence is strong enough and clearly the best; note doubts and ids of others.

    ``own``: the person that a row has on record, whose ids are the row's own.
    """
    people, ids = await _people(connection)
    claims = claimed_ids(rows, PLAYERS.persons.ids)
    sharing = claims.join(ids, on=["id_type", "value"]).join(own, on=["row", "person_id"], how="anti")
    namesakes = rows.select("row", "match_key").join(people.select("person_id", "match_key"), on="match_key").select("row", "person_id")
    best = best_candidates(_scored(pl.concat([sharing.select("row", "person_id"), namesakes]).unique(), rows, claims, people, ids))
    # a second load decides as the first one: people who have a player are compared only, and a row on record leaves its person only for
    # one who was made later
    best = look_up(best, own.select("row", pl.col("person_id").alias("own_id")), ["row"])
    is_later = pl.col("own_id").is_null() | (pl.col("person_id") > pl.col("own_id"))
    is_free = ~pl.col("person_id").is_in(assignment.pairs()["person_id"].implode())
    matched = clear_matches(best).filter(is_later & is_free)
    assignment.assign(matched)
    note_doubts(best.filter(is_later), matched, assignment)
    # an id of another person stays with that person
    for row, kind, value, person_id in (
        sharing.join(matched, on="row", how="anti").select("row", "id_type", "value", "person_id").iter_rows()
    ):
        assignment.refused.append(("shared_id", kind, value, person_id, row))


async def _people(connection: asyncpg.Connection) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return every person with a selection or a combine entry, a row for each of their names, and the ids of all."""
    proofs = " or ".join(f"exists (select from {table} o where o.person_id = p.person_id)" for table in _PROOFS)
    people = await fetch_people(
        connection,
        "select p.person_id, n.name_key, p.college_id, p.first_season, q.leaf, q.position_group from person p left join position q"
        " on q.code = p.position join (select person_id, name_key from person union select person_id, name_key from person_alias) n"
        f" using (person_id) where {proofs}",
        {},
    )
    ids = await fetch_frame(
        connection,
        f"select id_type, value, person_id from external_id where id_type in ({', '.join(repr(kind) for kind in ID_TYPES)})",
        {"id_type": pl.String, "value": pl.String, "person_id": pl.Int32},
    )
    return people, ids


def _scored(pairs: pl.DataFrame, rows: pl.DataFrame, claims: pl.DataFrame, people: pl.DataFrame, ids: pl.DataFrame) -> pl.DataFrame:
    """Score pairs of a row and a person by all evidence together."""
    points = pl.col("id_type").replace_strict(ID_POINTS, return_dtype=pl.Float64)
    compared = pairs.join(claims, on="row").join(ids.rename({"value": "known"}), on=["person_id", "id_type"])
    by_ids = compared.group_by("row", "person_id", "id_type").agg((pl.col("value") == pl.col("known")).any().alias("same"))
    by_ids = by_ids.group_by("row", "person_id").agg(pl.when("same").then(points).otherwise(-points).sum().alias("ids"))
    told = pairs.join(people, on="person_id").join(rows, on="row", suffix="_other").join(by_ids, on=["row", "person_id"], how="left")
    # some careers begin years after the class
    return with_score(told, same_class(year_apart=1.0, far_away=FAR_AWAY), pl.col("ids").fill_null(0.0))
