"""What a second load does: nothing when nothing changed, exactly the difference when something did."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import asyncpg
import polars as pl

from pipeline.steps.refresh import remove_synthetic
from tests.conftest import run_apart
from tests.integration.pipeline.conftest import Loader, Writer

FACTS = ("draft_pick", "combine_entry", "person", "person_alias", "external_id", "identity_conflict")


def _everything(load: Loader) -> dict[str, list[tuple[object, ...]]]:
    return {table: load.rows(f"select to_jsonb(t) - 'run_id' - 'conflict_id' from {table} t order by 1::text") for table in FACTS}


def test_the_same_file_is_known_by_its_checksum(load: Loader, folder: Writer) -> None:
    directory = folder()
    load(directory)
    again = load(directory)
    assert {(r.state, r.rows_inserted, r.rows_updated, r.rows_deleted) for r in again.values()} == {("unchanged", 0, 0, 0)}
    assert all(set(r.timings) == {"extract"} for r in again.values())


def test_another_format_of_the_same_rows_changes_nothing(load: Loader, folder: Writer) -> None:
    load(folder("csv"))
    before = _everything(load)
    again = load(folder("parquet", file_format="parquet"))
    assert {(r.state, r.rows_inserted, r.rows_updated, r.rows_deleted) for r in again.values()} == {("unchanged", 0, 0, 0)}
    assert all(r.rows_unchanged == r.rows_read for r in again.values())
    assert load.value("select count(*) from change_event") == 0
    assert load.rows("select distinct version from dataset") == [(1,)]
    assert _everything(load) == before


def test_other_spellings_of_the_same_values_change_nothing(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    load(folder())
    spelled = {
        name: frame.with_columns(
            pl.col(pl.Boolean).cast(pl.String).str.to_uppercase(),
            pl.col(pl.Int32).cast(pl.Float64).cast(pl.String).fill_null("NA"),
            pl.col(pl.String).fill_null("NA"),
        )
        for name, frame in made_up.items()
    }
    again = load(folder("spelled", **spelled))
    assert {(r.state, r.rows_inserted, r.rows_updated, r.rows_deleted) for r in again.values()} == {("unchanged", 0, 0, 0)}
    assert all(r.rows_unchanged == r.rows_read for r in again.values())


def test_csv_and_parquet_make_the_same_database(load: Loader, folder: Writer, database: str, tmp_path: Path) -> None:
    load(folder("csv"))
    from_csv = _everything(load)
    for table in (*FACTS, "dataset", "season_count", "field_count", "load_run", "college", "college_alias"):
        load.rows(f"truncate {table} restart identity cascade")
    load.rows("select setval('person_id_seq', 1, false)")
    Loader(database, tmp_path / "others")(folder("parquet", file_format="parquet"))
    assert _everything(load) == from_csv


def test_a_change_is_recorded_field_by_field(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    load(folder())
    target = (pl.col("season") == 2010) & (pl.col("pick") == 3)
    [(name, age)] = load.rows("select pfr_player_name, age from draft_pick where season = 2010 and pick = 3")
    changed = made_up["draft_picks"].with_columns(
        age=pl.when(target).then(29).otherwise("age"), hof=pl.when(target).then(pl.lit(value=True)).otherwise("hof")
    )
    report = load(folder("other", draft_picks=changed))["draft_picks"]
    assert (report.state, report.rows_updated, report.dataset_version) == ("loaded", 1, 2)
    assert load.rows("select kind, season, pick, name, field, old_value, new_value from change_event order by field") == [
        ("changed", 2010, 3, name, "age", None if age is None else str(age), "29"),
        ("changed", 2010, 3, name, "hof", "false", "true"),
    ]


def test_a_corrected_name_keeps_the_person_and_becomes_an_alias(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    load(folder())
    [(person, name)] = load.rows("select person_id, pfr_player_name from draft_pick where season = 2012 and pick = 1")
    target = (pl.col("season") == 2012) & (pl.col("pick") == 1)
    renamed = made_up["draft_picks"].with_columns(
        pfr_player_name=pl.when(target).then(pl.lit("Corrected Spelling")).otherwise("pfr_player_name")
    )
    load(folder("other", draft_picks=renamed))
    assert load.rows("select person_id from draft_pick where season = 2012 and pick = 1") == [(person,)]
    assert load.rows("select name, name_key from person where person_id = $1", person) == [("Corrected Spelling", "corrected spelling")]
    assert (name,) in load.rows("select name from person_alias where person_id = $1", person)


def test_another_player_in_a_slot_is_another_person(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    load(folder())
    [(person,)] = load.rows("select person_id from draft_pick where season = 2012 and pick = 1")
    target = (pl.col("season") == 2012) & (pl.col("pick") == 1)
    replaced = made_up["draft_picks"].with_columns(
        pfr_player_name=pl.when(target).then(pl.lit("Somebody Else")).otherwise("pfr_player_name"),
        pfr_player_id=pl.when(target).then(pl.lit("SynElse")).otherwise("pfr_player_id"),
    )
    load(folder("other", draft_picks=replaced))
    assert load.rows("select person_id from draft_pick where season = 2012 and pick = 1") != [(person,)]
    # who is left without a record is left out
    has_entry = load.value("select count(*) from combine_entry where person_id = $1", person)
    assert (load.value("select count(*) from person where person_id = $1", person) == 1) == bool(has_entry)


def test_a_new_class_is_added_with_events(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    picks = made_up["draft_picks"]
    load(folder(draft_picks=picks.filter(pl.col("season") < 2026)))
    assert load.value("select count(*) from change_event") == 0
    report = load(folder("all"))["draft_picks"]
    size = picks.filter(pl.col("season") == 2026).height
    assert (report.rows_inserted, report.rows_updated) == (size, 0)
    assert load.rows("select kind, season, count(*) from change_event group by 1, 2") == [("added", 2026, size)]


LINKS = (
    "select count(*), count(distinct c.person_id) from combine_entry c join draft_pick d using (person_id)"
    " where c.draft_year = d.season and c.draft_ovr = d.pick"
)


def test_the_order_of_the_data_sets_does_not_make_other_people(load: Loader, folder: Writer, tmp_path: Path, database: str) -> None:
    directory = folder()
    load(directory, datasets=("combine",))
    load(directory, datasets=("draft_picks",))
    load.rows("update dataset set checksum = 'forgotten'")
    load(directory)
    backwards = load.rows(LINKS), load.value("select count(*) from external_id")
    for table in (*FACTS, "dataset", "season_count", "field_count", "load_run"):
        load.rows(f"truncate {table} restart identity cascade")
    Loader(database, tmp_path / "again")(directory)
    assert (load.rows(LINKS), load.value("select count(*) from external_id")) == backwards


def test_a_spring_and_a_summer_give_the_people_of_one_load(load: Loader, real_data: Path, tmp_path: Path, database: str) -> None:
    """The combine comes before the draft and without ids; both files come again after it. That has to end as a fresh load does."""
    [picks_file] = real_data.glob("nflverse/draft_picks_*.parquet")
    [combine_file] = real_data.glob("nflverse/combine_*.parquet")
    picks, entries = pl.read_parquet(picks_file), pl.read_parquet(combine_file)
    newest = pl.col("season") == 2026
    spring = tmp_path / "spring"
    spring.mkdir()
    picks.filter(~newest).write_parquet(spring / "draft_picks.parquet")
    entries.with_columns(pfr_id=pl.when(~newest).then("pfr_id")).write_parquet(spring / "combine.parquet")
    load(spring)
    load(real_data)
    people = "select count(*) from person", "select count(*) from external_id"
    links = "select count(*) from combine_entry join draft_pick using (person_id)"
    incremental = [load.value(query) for query in (*people, links)]
    assert load.value("select count(distinct person_id) from (select person_id from combine_entry where player_name = 'Alex Styles'"
                      " union all select person_id from draft_pick where pfr_player_name = 'Sonny Styles') s") == 1  # fmt: skip
    for table in (*FACTS, "dataset", "season_count", "field_count", "load_run"):
        load.rows(f"truncate {table} restart identity cascade")
    Loader(database, tmp_path / "fresh")(real_data)
    assert incremental == [load.value(query) for query in (*people, links)]


def test_refused_ids_stay_refused_when_everything_changes(load: Loader, real_data: Path, tmp_path: Path) -> None:
    load(real_data)
    before = load.rows("select id_type, value, person_id from external_id order by 1, 2, 3")
    [picks_file] = real_data.glob("nflverse/draft_picks_*.parquet")
    [combine_file] = real_data.glob("nflverse/combine_*.parquet")
    pl.read_parquet(picks_file).with_columns(pl.col("games") + 1).write_parquet(tmp_path / "draft_picks.parquet")
    pl.read_parquet(combine_file).with_columns(pl.col("bench") + 1).write_parquet(tmp_path / "combine.parquet")
    reports = load(tmp_path)
    assert {report.state for report in reports.values()} == {"loaded"}
    assert load.rows("select id_type, value, person_id from external_id order by 1, 2, 3") == before


def test_a_league_never_stands_beside_real_data(load: Loader, folder: Writer, real_data: Path) -> None:
    load(real_data, datasets=("draft_picks",))
    refused = load(folder())
    assert {report.state for report in refused.values()} == {"skipped"}
    assert load.value("select count(*) from draft_pick") == 12_927
    assert load.value("select count(*) from combine_entry") == 0


def test_people_of_a_load_that_was_rolled_back_belong_to_nothing(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    older = {name: frame.filter(pl.col("season") < 2026) for name, frame in made_up.items()}
    load(folder("older", **older))
    held = made_up["draft_picks"].with_columns(age=pl.col("age") + 1)
    reports = load(folder("held", draft_picks=held))
    assert (reports["draft_picks"].state, reports["combine"].state) == ("held", "loaded")
    load(folder("good"))
    for table in ("draft_pick", "combine_entry", "external_id"):
        assert load.value(f"select count(*) from {table} t where not exists (select from person p using (person_id))".replace(
            "person p using (person_id)", "person p where p.person_id = t.person_id")) == 0, table  # fmt: skip


def test_a_slot_claimed_by_a_corrected_row_and_a_new_one(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    load(folder())
    entries = made_up["combine"]
    claim = entries.filter(pl.col("draft_ovr").is_not_null() & pl.col("pfr_id").is_not_null()).head(1)
    corrected = pl.struct("season", "player_name") == pl.struct(
        pl.lit(claim["season"][0]).alias("season"), pl.lit(claim["player_name"][0]).alias("player_name")
    )
    changed = entries.with_columns(pfr_id=pl.when(corrected).then(pl.lit("SynCorrected")).otherwise("pfr_id"))
    another = claim.with_columns(player_name=pl.lit("Somebody Else"), pfr_id=pl.lit(None, dtype=pl.String), wt=pl.lit(333, dtype=pl.Int32))
    report = load(folder("other", combine=pl.concat([changed, another]).sort("season", maintain_order=True)))["combine"]
    assert (report.state, report.rows_inserted, report.error) == ("loaded", 1, None)
    assert load.value("select count(*) from identity_conflict where reason = 'slot_claimed_twice' and value = $1",
                      f"{claim['draft_year'][0]}/{claim['draft_ovr'][0]}") == 1  # fmt: skip


def test_a_league_that_was_to_go_and_stays_keeps_its_ids(load: Loader, folder: Writer) -> None:
    load(folder())

    async def begin_to_replace() -> int:
        connection = await asyncpg.connect(load.dsn)
        try:
            with suppress(RuntimeError):
                async with connection.transaction():
                    await remove_synthetic(connection)
                    raise RuntimeError("as a load that fails")
            free: int = await connection.fetchval("select nextval('person_id_seq')")
            return free
        finally:
            await connection.close()

    assert run_apart(lambda: asyncio.run(begin_to_replace())) > int(str(load.value("select max(person_id) from person")))


def test_real_data_takes_the_place_of_a_synthetic_league_and_not_the_other_way(load: Loader, folder: Writer, real_data: Path) -> None:
    league = folder()
    load(league)
    reports = load(real_data)
    assert {report.state for report in reports.values()} == {"loaded"}
    removed = "The synthetic league that the database held was removed: real data replace it."
    assert [report.remark for report in reports.values() if report.remark] == [removed], "once, not for each data set"
    assert load.value("select message from quality_issue where rule = 'league_replaced'") == removed
    assert load.rows("select bool_or(synthetic) from person") == [(False,)]
    assert load.rows("select count(*) from draft_pick") == [(12_927,)]
    assert load.rows("select min(person_id) from person") == [(1,)], "as in a database that never had a league"
    refused = load(league)
    assert {report.state for report in refused.values()} == {"skipped"}
    assert all("--replace" in str(report.error) for report in refused.values())
    assert load.rows("select count(*) from draft_pick") == [(12_927,)]
    # versions never repeat: nothing cached of the league can be taken for the real data
    assert load.rows("select min(version) > 1 from dataset where dataset in ('draft_picks', 'combine')") == [(True,)]


def test_exports_hold_what_the_database_holds(load: Loader, folder: Writer) -> None:
    load(folder())
    for dataset, table in (("draft_picks", "draft_pick"), ("combine", "combine_entry")):
        parquet = pl.read_parquet(load.exports / f"{dataset}-v1.parquet")
        assert parquet.height == load.value(f"select count(*) from {table}")
        csv = pl.read_csv(load.exports / f"{dataset}-v1.csv", schema_overrides=dict(parquet.schema))
        assert csv.equals(parquet)
    (load.exports / "combine-v1.csv").unlink()
    assert load(folder())["combine"].state == "unchanged"
    assert {path.name for path in load.exports.glob("combine-*")} == {"combine-v1.parquet", "combine-v2.csv", "combine-v2.parquet"}


REFERENCES = (
    ("draft_pick", "person_id", "person"),
    ("draft_pick", "franchise_id", "franchise"),
    ("draft_pick", "college_id", "college"),
    ("draft_pick", "position = code", "position"),
    ("draft_pick", "run_id", "load_run"),
    ("combine_entry", "person_id", "person"),
    ("combine_entry", "college_id", "college"),
    ("combine_entry", "pos = code", "position"),
    ("combine_entry", "run_id", "load_run"),
    ("external_id", "person_id", "person"),
    ("person_alias", "person_id", "person"),
    ("person", "college_id", "college"),
    ("person", "position = code", "position"),
    ("identity_conflict", "person_id", "person"),
    ("identity_conflict", "other_person_id = person_id", "person"),
)


def test_no_reference_leads_nowhere(load: Loader, folder: Writer, real_data: Path) -> None:
    load(folder())
    load(real_data)
    for table, columns, target in REFERENCES:
        column, _, referred = columns.partition(" = ")
        referred = referred or column
        lost = load.value(
            f"select count(*) from {table} t where t.{column} is not null"
            f" and not exists (select from {target} r where r.{referred} = t.{column})"
        )
        assert lost == 0, f"{table}.{column} → {target}"


def test_the_planner_knows_the_size_of_what_was_loaded(load: Loader, folder: Writer) -> None:
    load(folder())
    for table in ("draft_pick", "combine_entry", "person"):
        assert load.value("select reltuples::int from pg_class where relname = $1", table) == load.value(f"select count(*) from {table}")
