"""Whatever changes what a list shows is followed by its export: loads, another catalogue, decisions about people, a load taken back."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import asyncpg
import polars as pl
import pytest

from app.datasets import DATASETS, JOINED
from app.exports.notes import read_note
from pipeline import decisions
from pipeline.reference import catalog
from pipeline.run import load_all
from pipeline.steps.export import export_path, outdated_exports
from tests.integration.pipeline.conftest import Loader, Writer

LOADED = ("draft_picks", "combine")
ACT = decisions.Act("seen on film", "ana")
#: Who drafted each entry's person, by the first selection of that person.
DRAFTED = """
    select c.season, c.person_id, f.code as franchise, p.leaf as position_leaf from combine_entry c join position p on p.code = c.pos
    left join lateral (select franchise_id from draft_pick d where d.person_id = c.person_id order by season, pick limit 1) d on true
    left join franchise f using (franchise_id)
"""


def exported(load: Loader, name: str, kind: str = "parquet") -> pl.DataFrame:
    note = read_note(load.exports, name)
    assert note is not None
    path = export_path(load.exports, name, note.version, kind)
    return pl.read_parquet(path) if kind == "parquet" else pl.read_csv(path, infer_schema=False)


def outdated(load: Loader) -> set[str]:
    async def ask() -> set[str]:
        connection = await asyncpg.connect(load.dsn)
        try:
            return set(await outdated_exports(connection, load.exports))
        finally:
            await connection.close()

    return asyncio.run(ask())


def check(load: Loader) -> None:
    """Every export is current, and that of the combine has the franchise of the linked pick."""
    assert outdated(load) == set()
    expected = sorted(map(repr, load.rows(DRAFTED)))
    for kind in ("parquet", "csv"):
        rows = exported(load, "combine", kind).select("season", "person_id", "franchise", "position_leaf")
        assert sorted(map(repr, rows.cast({"season": pl.Int32, "person_id": pl.Int32}).rows())) == expected
    for name, table in (("draft_picks", "draft_pick"), ("combine", "combine_entry"), ("person_ids", "person")):
        assert exported(load, name).height == load.value(f"select count(*) from {table}")


def test_every_event_that_changes_a_list_changes_its_export(
    load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    files, picks = folder(), made_up["draft_picks"]
    load(files, datasets=LOADED)
    check(load)
    before = exported(load, "combine")

    # a load of another data set: the teams of two picks are exchanged, of whom one was at the combine
    [(season, one, team)] = load.rows(
        "select d.season, d.pick, d.team from draft_pick d join combine_entry using (person_id) order by d.season desc, d.pick limit 1"
    )
    [(other, another_team)] = load.rows("select pick, team from draft_pick where season = $1 and team <> $2 limit 1", season, team)
    exchanged = (
        pl.when(pl.col("season") == season, pl.col("pick") == one)
        .then(pl.lit(another_team))
        .when(pl.col("season") == season, pl.col("pick") == other)
        .then(pl.lit(team))
        .otherwise("team")
    )
    report = load(folder("other", draft_picks=picks.with_columns(exchanged.alias("team"))), datasets=("draft_picks",))["draft_picks"]
    check(load)
    assert not exported(load, "combine")["franchise"].equals(before["franchise"])

    # that load is taken back
    past = replace(load.options(files), source="past", to_run=report.run_id - 1, datasets=("draft_picks",), trigger="rollback", force=True)
    assert [each.state for each in asyncio.run(load_all(past))] == ["loaded"]
    check(load)
    assert exported(load, "combine")["franchise"].equals(before["franchise"])

    # a new release knows other names of franchises and positions; its load has nothing else to do
    def renamed(name: str) -> list[dict[str, str]]:
        return [{**row, "code": f"{row['code']}X"} if name == "franchises.csv" else row for row in read(name)]

    read = catalog._read
    load(files, datasets=LOADED)
    with monkeypatch.context() as patched:
        patched.setattr(catalog, "_read", renamed)
        assert {each.state for each in load(files, datasets=LOADED).values()} == {"unchanged"}
    check(load)
    for name in ("draft_picks", "combine", "prospects"):
        codes = exported(load, name)["franchise"].drop_nulls()
        assert (len(codes) > 0, codes.str.ends_with("X").all()) == (True, True), name
    load(files, datasets=LOADED)
    check(load)


def test_every_decision_changes_the_exports(load: Loader, folder: Writer) -> None:
    load(folder(), datasets=LOADED)
    [(person, season)] = load.rows("select person_id, c.season from combine_entry c join draft_pick using (person_id) order by 1 limit 1")
    me = pl.col("person_id") == int(str(person))

    async def decide(kind: str, other: int) -> int:
        async with decisions.deciding(load.dsn, load.exports) as connection:
            if kind == "split":
                return (await decisions.split(connection, int(str(person)), [f"combine/{season}"], ACT))[1]
            if kind == "merge":
                return await decisions.merge(connection, int(str(person)), other, ACT)
            number = await connection.fetchval(
                "insert into identity_conflict (reason, id_type, value, person_id, other_person_id, run_id)"
                " select 'shared_id', 'pfr', 'X', $1, $2, max(run_id) from load_run returning conflict_id",
                *(int(str(person)), other),
            )
            return await decisions.resolve(connection, number, ACT, same=False)

    assert exported(load, "prospects").filter(me)["measured"].to_list() == [True]
    other = asyncio.run(decide("split", 0))
    check(load)
    assert exported(load, "combine").filter(pl.col("person_id") == other)["franchise"].to_list() == [None]
    assert exported(load, "prospects").filter(me)["measured"].to_list() == [False]
    asyncio.run(decide("resolve", other))
    check(load)
    asyncio.run(decide("merge", other))
    check(load)
    assert exported(load, "prospects").filter(me)["measured"].to_list() == [True]
    assert exported(load, "person_ids").filter(me)["former_ids"].to_list() == [str(other)]


def test_what_changes_no_list_leaves_the_exports_alone(load: Loader, folder: Writer) -> None:
    load(folder(), datasets=LOADED)
    files = {path: path.stat().st_mtime_ns for path in load.exports.iterdir()}
    load.rows(
        "insert into quality_acknowledgement (dataset, rule, reason, acknowledged_by) values ('combine', 'outlier', 'confirmed', 'ana')"
    )
    assert outdated(load) == set()
    load(folder(), datasets=LOADED)
    assert [each.rows_unchanged > 0 for each in load(folder(), datasets=LOADED, force=True).values()] == [True, True]

    async def resolve() -> None:
        async with decisions.deciding(load.dsn, load.exports) as connection:
            number = await connection.fetchval(
                "insert into identity_conflict (reason, id_type, value, person_id, other_person_id, run_id)"
                " select 'shared_id', 'pfr', 'X', min(person_id), max(person_id), 1 from draft_pick returning conflict_id"
            )
            await decisions.resolve(connection, number, ACT, same=False)

    asyncio.run(resolve())
    assert {path: path.stat().st_mtime_ns for path in load.exports.iterdir()} == files
    assert {path.name.partition("-v")[0] for path in files if path.suffix != ".json"} == {*LOADED, *JOINED} < {*DATASETS, *JOINED}
