"""Who took part: persons for the rows of the combine file."""

from dataclasses import replace

import asyncpg
import polars as pl

from app.datasets.combine import COMBINE
from pipeline.steps.copying import fetch_frame
from pipeline.steps.evidence import ID_POINTS, NEEDED, SLOT, other_build, same_class, with_score
from pipeline.steps.identity import (
    CLAIM_COLUMNS,
    Assignment,
    Carried,
    believe_ids,
    differing_pfr,
    group_rows_by_id,
    hashed,
    match_by_name,
    persons_by_external_id,
    selections_of,
    taken_pairs,
    without_rows,
)
from pipeline.steps.normalise import for_matching, match_keys, name_keys
from pipeline.steps.persons import Found, find_missing_persons, no_persons

#: What matching looks at; whole rows are twice as wide.
MATCH_COLUMNS = (
    *("row", "season", "college_id", "draft_year", "draft_ovr", "player_name", "pos", "pfr_id", "cfb_id"),
    *("height_in", "wt", "forty"),
)


async def find_persons(connection: asyncpg.Connection, rows: pl.DataFrame, run_id: int, carried: Carried, *, synthetic: bool) -> Found:
    """Add ``person_id`` to ``rows``: normalised entries with a ``row`` number that no entry of the database equals.

    The transaction belongs to the caller.
    """
    assignment = Assignment()
    if rows.is_empty():
        return no_persons(rows)
    picks = carried.selections if carried.selections is not None else await _selections(connection, rows)
    prepared = for_matching(rows, MATCH_COLUMNS, "player_name", "pos")
    taken = await _taken(connection, prepared)
    # the slot and the ids identify a person; only rows without them can be corrected versions of earlier entries
    claims = _slot_claims(prepared, picks)
    if await connection.fetchval("select exists (select from combine_entry)"):
        builds = await _other_builds(connection, prepared, claims, assignment)
        _refuse(claims.join(builds, on=["row", "person_id"], how="semi"), "other_build", assignment)
        claims = claims.join(builds, on=["row", "person_id"], how="anti", maintain_order="left")
    _match_slots(claims, prepared, picks, taken, assignment)
    released = await _released(connection)
    leader = group_rows_by_id(_open(prepared, assignment), COMBINE.persons.ids, assignment, once_a_season=True)
    only_selections = carried.selections is not None and not await connection.fetchval("select exists (select from combine_entry)")
    for id_type, column in COMBINE.persons.ids:
        rest = _open(prepared, assignment).filter(pl.col(column).is_not_null())
        if only_selections:
            # only selected people have an id so far, and they are known here
            rest = rest.filter(hashed(column).is_in(picks[f"{id_type}_hash"].implode()))
        wanted = rest.select("row", pl.lit(id_type).alias("id_type"), pl.col(column).alias("value"))
        found = await persons_by_external_id(connection, wanted)
        builds = await _other_builds(connection, prepared, found, assignment)
        believe_ids(rest.select(*CLAIM_COLUMNS), found, id_type, assignment, taken_pairs(taken, prepared, assignment), builds)
    if len(released):
        _match_corrected(prepared, released.join(taken_pairs(taken, prepared, assignment), on="person_id", how="anti"), assignment)
    free = picks.join(taken_pairs(taken, prepared, assignment), on="person_id", how="anti", maintain_order="left")
    unnamed = _open(prepared, assignment).filter(pl.col("draft_ovr").is_null())
    match_by_name(unnamed.select(*CLAIM_COLUMNS, hashed("pfr_id").alias("pfr")), free.rename({"pfr_hash": "pfr"}), assignment)
    found_persons = await find_missing_persons(
        connection, prepared, leader, assignment, COMBINE, run_id, synthetic=synthetic, selected=picks["person_id"]
    )
    return replace(found_persons, rows=rows.with_columns(found_persons.rows["person_id"]))


def _open(rows: pl.DataFrame, assignment: Assignment) -> pl.DataFrame:
    return without_rows(rows, assignment.pairs()["row"])


async def _selections(connection: asyncpg.Connection, rows: pl.DataFrame) -> pl.DataFrame:
    """Return all selections in the draft years of ``rows`` and in their seasons, with the columns for matching."""
    seasons = sorted(set(rows["season"].unique()) | set(rows["draft_year"].drop_nulls().unique()))
    listed = ", ".join(str(int(season)) for season in seasons) or "0"
    found = await fetch_frame(
        connection,
        "select d.season, d.pick, d.person_id, d.pfr_player_name, d.pfr_player_id, d.cfb_player_id, d.college_id, q.leaf, q.position_group"
        f" from draft_pick d join position q on q.code = d.position where d.season in ({listed})",
        {
            "season": pl.Int32, "pick": pl.Int32, "person_id": pl.Int32, "pfr_player_name": pl.String, "pfr_player_id": pl.String,
            "cfb_player_id": pl.String, "college_id": pl.Int32, "position_leaf": pl.String, "position_group": pl.String,
        },
    )  # fmt: skip
    keys = name_keys(found["pfr_player_name"])
    return selections_of(found.with_columns(keys.alias("name_key"), match_keys(keys).alias("match_key")))


async def _taken(connection: asyncpg.Connection, rows: pl.DataFrame) -> pl.DataFrame:
    """Return (season, person_id) of unchanged entries: a person takes part only once in a spring."""
    schema = {"season": pl.Int32, "person_id": pl.Int32}
    if not await connection.fetchval("select to_regclass('pg_temp.kept_entry') is not null"):
        return pl.DataFrame(schema=schema)
    seasons = ", ".join(str(int(season)) for season in rows["season"].unique().sort())
    return await fetch_frame(
        connection,
        "select season, person_id from kept_entry union all select c.season, c.person_id from combine_entry c"
        f" where c.season in ({seasons})"
        " and not exists (select from released r where r.season = c.season and r.person_id = c.person_id)",
        schema,
    )


async def _other_builds(connection: asyncpg.Connection, rows: pl.DataFrame, found: pl.DataFrame, assignment: Assignment) -> pl.DataFrame:
    """Return the (row, person_id) pairs of ``found`` whose person was measured in another body in another spring."""
    listed = ", ".join(map(str, found["person_id"].drop_nulls().unique())) or "0"
    stored = await fetch_frame(
        connection,
        f"select season, person_id, height_in, wt from combine_entry where person_id in ({listed})",
        {"season": pl.Int32, "person_id": pl.Int32, "height_in": pl.Int32, "wt": pl.Int32},
    )
    measured = rows.select("row", "season", pl.col("height_in", "wt").cast(pl.Int32))
    assigned = assignment.pairs().join(measured, on="row").select("season", "person_id", "height_in", "wt")
    visits = pl.concat([stored, assigned]).join(found.select("row", "person_id"), on="person_id")
    # a visit of the same spring is the same one with corrected values, or another claim to the person
    pairs = visits.join(measured, on="row", suffix="_other").filter(pl.col("season") != pl.col("season_other"))
    return pairs.filter(other_build("height_in", "wt")).select("row", "person_id").unique()


async def _released(connection: asyncpg.Connection) -> pl.DataFrame:
    """Return entries of the database that no row of the file equals any more: candidates for a corrected row."""
    schema = {
        "season": pl.Int32, "person_id": pl.Int32, "name": pl.String, "college_id": pl.Int32, "pfr_id": pl.String, "cfb_id": pl.String,
        "height_in": pl.Int32, "wt": pl.Int32, "pos": pl.String, "forty": pl.Float64,
    }  # fmt: skip
    if not await connection.fetchval("select to_regclass('pg_temp.kept_entry') is not null"):
        return pl.DataFrame(schema={**schema, "match_key": pl.String})
    found = await fetch_frame(
        connection,
        "select c.season, c.person_id, c.player_name, c.college_id, c.pfr_id, c.cfb_id, c.height_in, c.wt, c.pos, c.forty"
        " from released join combine_entry c using (season, person_id)"
        " where not exists (select from kept_entry k where k.season = c.season and k.person_id = c.person_id)",
        schema,
    )
    return found.with_columns(match_keys(name_keys(found["name"])).alias("match_key"))


def _match_corrected(rows: pl.DataFrame, released: pl.DataFrame, assignment: Assignment) -> None:
    """Match corrected entries: same season and the same id, or name and college, or name and build.

    Entries that agree in everything are distinguished by their order, so that a reload gives each of them the same person again.
    """
    for keys in (
        ["season", "match_key", "pfr_id"],
        ["season", "match_key", "cfb_id"],
        ["season", "match_key", "college_id"],
        ["season", "match_key", "height_in", "wt"],
        ["season", "pfr_id"],
        ["season", "match_key", "college_id", "pos", "nth"],
    ):
        open_rows = _numbered(_open(rows, assignment))
        left = _numbered(released.join(assignment.pairs(), on="person_id", how="anti"))
        if open_rows.is_empty() or left.is_empty():
            return
        pairs = open_rows.join(left.with_columns(pl.col(key).cast(open_rows.schema[key]) for key in keys), on=keys, suffix="_old")
        pairs = pairs.filter(~pl.col("row").is_duplicated() & ~pl.col("person_id").is_duplicated())
        assignment.assign(pairs)


def _numbered(entries: pl.DataFrame) -> pl.DataFrame:
    """Add ``nth``, the ordinal among entries with the same season, name, college and position, ordered by build and drills."""
    same = ["season", "match_key", "college_id", "pos"]
    return entries.sort(*same, "height_in", "wt", "forty").with_columns(pl.int_range(pl.len()).over(same).alias("nth"))


def _slot_claims(rows: pl.DataFrame, picks: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that name their draft slot, with the person selected there and, as ``at``, the number of the selection."""
    slots = picks.select(pl.col("season").alias("draft_year"), pl.col("pick").alias("draft_ovr"), "person_id").with_row_index("at")
    claims = rows.select("row", "season", "draft_year", "draft_ovr").filter(pl.col("draft_ovr").is_not_null())
    return claims.join(slots, on=["draft_year", "draft_ovr"], maintain_order="left")


def _match_slots(claims: pl.DataFrame, rows: pl.DataFrame, picks: pl.DataFrame, taken: pl.DataFrame, assignment: Assignment) -> None:
    """Match rows that name their draft slot with the player selected there, unless the rest of the evidence contradicts the claim.

    The best of several claims wins. The others, and those that are contradicted, are recorded.
    """
    if len(taken):
        _refuse(claims.join(taken, on=["season", "person_id"], how="semi"), "slot_claimed_twice", assignment)
        claims = claims.join(taken, on=["season", "person_id"], how="anti")
    claims = claims.with_columns(score=_scores(claims, rows, picks))
    several = claims["person_id"].is_duplicated()
    contested = claims.filter(several).sort(["person_id", "score", "row"], descending=[False, True, False])
    best = pl.concat([claims.filter(~several), contested.unique("person_id", keep="first", maintain_order=True)])
    accepted = best.filter(pl.col("score") >= NEEDED)
    assignment.assign(accepted)
    assignment.settle(_on_record(accepted.drop("score"), rows, picks))
    _refuse(best.filter(pl.col("score") < NEEDED), "slot_contradicted", assignment)
    _refuse(contested.join(best, on="row", how="anti"), "slot_claimed_twice", assignment)


def _refuse(claims: pl.DataFrame, reason: str, assignment: Assignment) -> None:
    for row, year, number, person_id in claims.select("row", "draft_year", "draft_ovr", "person_id").iter_rows():
        assignment.refused.append((reason, "slot", f"{year}/{number}", person_id, row))


def _scores(claims: pl.DataFrame, rows: pl.DataFrame, picks: pl.DataFrame) -> pl.Series:
    """Score claims of slots by all evidence about the row and the player selected there."""
    ids = (hashed("pfr_id").alias("pfr_hash"), hashed("cfb_id").alias("cfb_hash"))
    pairs = claims.select("row").join(rows.select(*CLAIM_COLUMNS, *ids), on="row", maintain_order="left")
    pairs = pairs.hstack(picks[claims["at"]].select(pl.all().name.suffix("_other")))
    same = [pl.col(f"{kind}_hash") == pl.col(f"{kind}_hash_other") for kind in ("pfr", "cfb")]
    shared = [pl.when(each).then(ID_POINTS[kind]).otherwise(0.0) for kind, each in zip(("pfr", "cfb"), same, strict=True)]
    return with_score(pairs, same_class(), pl.lit(SLOT), *shared, differing_pfr("pfr_hash", "pfr_hash_other"))["score"]


def _on_record(claims: pl.DataFrame, rows: pl.DataFrame, picks: pl.DataFrame) -> pl.DataFrame:
    """Return the accepted claims whose row has the ids and season of a recorded selection, and whether it has the ``same_name``."""
    hashes = [hashed(column).alias(name) for column, name in (("player_name", "name_hash"), ("pfr_id", "pfr_hash"), ("cfb_id", "cfb_hash"))]
    prepared = claims.join(rows.select("row", *hashes), on="row", maintain_order="left")
    prepared = prepared.hstack(
        picks.select("name_hash", "pfr_hash", "cfb_hash", pl.col("season").alias("class"))[prepared["at"]].select(
            pl.all().name.suffix("_pick")
        )
    )
    agrees = pl.col("season") == pl.col("class_pick")
    for name in ("pfr_hash", "cfb_hash"):
        agrees = agrees & (pl.col(name).is_null() | (pl.col(name) == pl.col(f"{name}_pick")).fill_null(value=False))
    return prepared.filter(agrees).with_columns((pl.col("name_hash") == pl.col("name_hash_pick")).alias("same_name"))
