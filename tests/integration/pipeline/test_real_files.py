"""Numbers that the real files must give, each counted independently of this code. Skipped where the files are not."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import select

from app.db.statements import compile_statement
from app.listing.past import rows_as_of
from tests.integration.pipeline.conftest import Loader

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def real(real_dsn: str, real_exports: Path) -> Loader:
    """The real files, loaded once for all tests of this module."""
    return Loader(real_dsn, real_exports)


def _release(real_data: Path, dataset: str, suffix: str) -> Path:
    [path] = real_data.glob(f"nflverse/{dataset}_*.{suffix}")
    return path


def test_history_of_two_releases_and_every_spelling(load: Loader, real_data: Path, tmp_path: Path) -> None:
    older, newer = tmp_path / "older", tmp_path / "newer"
    for folder in (older, newer):
        folder.mkdir()
    shutil.copy(_release(real_data, "draft_picks", "csv"), older)
    release = _release(real_data, "draft_picks", "parquet")
    shutil.copy(release, newer)
    first = load(older, datasets=("draft_picks",))["draft_picks"]
    assert (first.state, first.rows_inserted) == ("loaded", 12_413)
    content = "select md5(string_agg((to_jsonb(t) - 'run_id')::text, '' order by season, pick)) from {} t"
    served = load.value(content.format("draft_pick"))
    second = load(newer, datasets=("draft_picks",))["draft_picks"]
    assert load.value(content.format("draft_pick")) != served
    past = compile_statement(select(rows_as_of("draft_picks"))).sql
    assert load.value(content.format(f"({past})"), first.run_id) == served, "every cell as of the first load"
    assert (second.state, second.rows_inserted, second.rows_deleted, second.rows_read) == ("loaded", 514, 0, 12_927)
    assert load.value("select count(*) from change_event where kind = 'added'") == 514
    # what really changed between the releases, counted from the raw files
    events = load.counts("select field, count(*) from change_event where kind = 'changed' group by field")
    counted = {name: events.get(name) for name in ("pfr_player_name", "hof", "position", "college", "age", "probowls", "seasons_started")}
    assert counted == {"pfr_player_name": 7, "hof": 11, "position": 4, "college": 47, "age": 10, "probowls": 110, "seasons_started": 578}

    frame = pl.read_parquet(release).with_columns(pl.col("car_av").cast(pl.Float64))
    whole = [name for name, dtype in frame.schema.items() if dtype == pl.Float64 and name != "def_sacks"]
    spellings = {
        "True, NA and 24.0": frame.with_columns(
            pl.col("hof").cast(pl.String).str.to_titlecase(), pl.col(*whole).cast(pl.String).fill_null("NA")
        ),
        "TRUE, nothing and 24": frame.with_columns(pl.col("hof").cast(pl.String).str.to_uppercase(), pl.col(*whole).cast(pl.Int64)),
        "null": frame.with_columns(pl.col(pl.String).fill_null("null")),
    }
    for name, spelled in spellings.items():
        directory = tmp_path / name
        directory.mkdir()
        spelled.write_csv(directory / "draft_picks.csv")
        again = load(directory, datasets=("draft_picks",))["draft_picks"]
        assert (again.state, again.rows_inserted, again.rows_updated, again.rows_unchanged) == ("unchanged", 0, 0, 12_927), name
    assert load.value("select count(*) from change_event where run_id > $1", second.run_id) == 0


def test_size_and_keys_of_the_draft(real: Loader) -> None:
    assert real.rows(
        "select count(*), min(season), max(season), count(distinct (season, pick)), count(distinct (season, round, pick)) from draft_pick"
    ) == [
        (12_927, 1980, 2026, 12_927, 12_927)
    ]  # fmt: skip
    sizes = real.counts("select season, count(*) from draft_pick group by season")
    expected = {1980: 333, 1992: 336, 1993: 224, 1994: 222, 2012: 253, 2016: 253, 2020: 255, 2024: 257, 2026: 257}
    assert {season: sizes[season] for season in expected} == expected
    assert len(sizes) == 47
    assert real.value("select count(*) from (select season from draft_pick group by season having max(pick) <> count(*)) gaps") == 0


def test_rounds(real: Loader) -> None:
    last = real.counts("select season, max(round) from draft_pick group by season")
    assert {last[season] for season in range(1980, 1993)} == {12}
    assert last[1993] == 8
    assert {last[season] for season in range(1994, 2027)} == {7}
    assert [n for _, n in real.rows("select round, count(*) from draft_pick where season = 2020 group by round order by round")] == [
        32, 32, 42, 40, 33, 35, 41,
    ]  # fmt: skip


def test_size_of_the_combine(real: Loader) -> None:
    assert real.value("select count(*) from combine_entry") == 8_968
    sizes = real.counts("select season, count(*) from combine_entry group by season")
    assert (sizes[2000], sizes[2021], sizes[2026]) == (321, 464, 319)


def test_heights(real: Loader) -> None:
    assert real.rows("select count(height_in), min(height_in), max(height_in) from combine_entry") == [(8_939, 64, 82)]
    assert real.rows("select player_name, pos, season from combine_entry where height_in = 64") == [("Blake Lynch", "K", 2021)]
    assert real.rows("select player_name, season from combine_entry where height_in = 82 order by season") == [
        ("Dennis Roland", 2006),
        ("Dan Skipper", 2017),
    ]
    assert real.rows("select season, count(*) from combine_entry where height_in is null group by season") == [(2021, 29)]


def test_franchises(real: Loader) -> None:
    assert real.value("select count(distinct team) from draft_pick") == 38
    counts = real.counts("select f.code, count(*) from draft_pick d join franchise f using (franchise_id) group by f.code")
    assert len(counts) == 32
    expected = {"ARI": 440, "LAR": 456, "LV": 400, "LAC": 417, "IND": 432, "BAL": 266, "TEN": 445, "HOU": 199, "CLE": 384}
    assert {code: counts[code] for code in expected} == expected


def test_people_with_two_selections(real: Loader) -> None:
    found = real.rows(
        "select p.name, array_agg((d.season, d.pick)::text order by d.season) from draft_pick d join person p using (person_id)"
        " group by p.person_id, p.name having count(*) > 1 order by p.name"
    )
    assert found == [("Bo Jackson", ["(1986,1)", "(1987,183)"]), ("Craig Erickson", ["(1991,131)", "(1992,86)"])]


def test_ids_of_two_systems_in_one_column(real: Loader) -> None:
    kinds = "count(*) filter (where gsis_id ~ '^00-'), count(*) filter (where gsis_id ~ '^[A-Z]'), count(*) filter (where gsis_id is null)"
    assert real.rows(f"select {kinds} from draft_pick") == [(9_280, 1_774, 1_873)]
    assert real.rows(f"select {kinds} from draft_pick where season = 2026") == [(0, 230, 27)]
    # two people were selected twice, so there are two ids fewer than cells
    assert real.rows(
        "select id_type, count(*) from external_id e where id_type in ('esb', 'gsis') and exists"
        " (select from draft_pick d where d.person_id = e.person_id and d.gsis_id = e.value) group by 1 order by 1"
    ) == [
        ("esb", 1_773),
        ("gsis", 9_279),
    ]
    assert (
        real.value(
            "select count(*) from external_id where (id_type = 'esb') <> (value ~ '^[A-Z]{3}[0-9]{6}$') and id_type in ('esb', 'gsis')"
        )
        == 0
    )


def test_namesakes_of_one_class(real: Loader) -> None:
    assert real.rows("select count(*), count(distinct (season, pfr_player_name)), count(distinct person_id) from draft_pick"
                     " where (season, pfr_player_name) in"
                     " (select season, pfr_player_name from draft_pick group by 1, 2 having count(*) > 1)") == [
        (36, 18, 36)
    ]  # fmt: skip


def test_combine_entries_that_name_their_slot(real: Loader) -> None:
    assert real.rows(
        "select count(*), count(d.pick), count(distinct (c.draft_year, c.draft_ovr)) from combine_entry c"
        " left join draft_pick d on d.season = c.draft_year and d.pick = c.draft_ovr where c.draft_ovr is not null"
    ) == [(5_554, 5_554, 5_544)]
    linked = "combine_entry c join draft_pick d on d.season = c.draft_year and d.pick = c.draft_ovr and d.person_id = c.person_id"
    assert real.rows(f"select count(*), count(distinct d.person_id) from {linked}") == [(5_544, 5_544)]
    # one of each contested slot was kept apart and is on record
    assert real.value("select count(*) from identity_conflict where reason = 'slot_claimed_twice'") == 10
    assert real.value(
        "select count(*) from combine_entry c join draft_pick d on d.season = c.draft_year and d.pick = c.draft_ovr"
        " where c.player_name <> d.pfr_player_name"
    ) == 181  # fmt: skip
    winners = real.rows(
        "select c.player_name, c.pos, c.school from combine_entry c join draft_pick d using (person_id)"
        " where (d.season, d.pick) in ((2005, 15), (2007, 69), (2003, 93)) order by d.season"
    )
    assert winners == [("Chris Brown", "RB", "Colorado"), ("Derrick Johnson", "OLB", "Texas"), ("Buster Davis", "ILB", "Florida State")]


def test_combine_of_a_spring_without_draft_results(real: Loader) -> None:
    assert real.rows("select count(*), count(draft_ovr) from combine_entry where season = 2026") == [(319, 0)]
    by_id = "combine_entry c join draft_pick d using (person_id) where c.season = 2026 and d.season = 2026 and c.pfr_id = d.pfr_player_id"
    assert real.value(f"select count(*) from {by_id}") == 194
    assert real.value(f"select count(*) from {by_id} and c.player_name <> d.pfr_player_name") == 16
    assert real.rows(
        "select d.pick, d.pfr_player_name from combine_entry c join draft_pick d using (person_id) where c.player_name = 'Alex Styles'"
    ) == [
        (7, "Sonny Styles")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "raw_counts"),
    [
        ("Ohio State", {"combine": {"Ohio State": 163, "Ohio St.": 65}, "draft": 284}),
        ("Miami (FL)", {"combine": {"Miami": 39, "Miami (FL)": 143}, "draft": 265}),
        ("Miami (OH)", {"combine": None, "draft": None}),
    ],
)
def test_one_college_under_several_names(real: Loader, name: str, raw_counts: dict[str, object]) -> None:
    [(college,)] = real.rows("select college_id from college where name = $1", name)
    combine = real.counts("select school, count(*) from combine_entry where college_id = $1 group by school", college)
    drafted = real.value("select count(*) from draft_pick where college_id = $1", college)
    if raw_counts["combine"] is None:
        assert set(combine) == {"Miami (OH)", "Miami (Ohio)"}
    else:
        assert (combine, drafted) == (raw_counts["combine"], raw_counts["draft"])


def test_missing_sides_colleges_and_a_dead_column(real: Loader) -> None:
    assert real.rows(
        "select d.season, d.pick, q.position_group from draft_pick d join position q on q.code = d.position"
        " where d.side is null order by 1, 2"
    ) == [(1985, 177, "ST"), (1991, 285, "ST"), (2024, 223, "DB"), (2025, 200, "DB"), (2026, 14, "OL")]
    assert real.value("select count(*) from draft_pick where college is null") == 13
    assert (
        real.value("select pfr_player_name from draft_pick where college is null order by season desc, pick desc limit 1") == "Uar Bernard"
    )
    assert real.value("select count(car_av) from draft_pick") == 0
    assert real.rows("select field from quality_issue where rule = 'dead_column'") == [("car_av",)]


def test_fast_receivers(real: Loader) -> None:
    assert real.rows("select count(*), min(forty) from combine_entry where forty < 4.30") == [(30, 4.21)]
    assert real.rows("select player_name, season from combine_entry where forty = 4.21") == [("Xavier Worthy", 2024)]
    tall = real.rows("select player_name, forty from combine_entry where pos = 'WR' and height_in >= 75 and forty <= 4.40 order by forty")
    assert len(tall) == 29
    # two share the third time
    fastest = {name for name, forty in tall if float(str(forty)) <= float(str(tall[2][1]))}
    assert {"Dont'e Thornton Jr.", "Jeff Caldwell", "D.K. Metcalf"} <= fastest
    assert len(fastest) == 4


def test_classes_of_franchises_and_colleges(real: Loader) -> None:
    counts = real.rows(
        "select count(*) filter (where f.code = 'MIN' and season = 2020), count(*) filter (where f.code = 'NO' and season = 2020),"
        " count(*) filter (where c.name = 'LSU' and season = 2020), count(*) filter (where d.position = 'QB' and season = 2020),"
        " count(*) filter (where f.code = 'NO' and season = 1999)"
        " from draft_pick d join franchise f using (franchise_id) left join college c using (college_id)"
    )
    assert counts == [(15, 4, 14, 13, 1)]
    largest = real.rows(
        "select c.name, d.season, count(*) from draft_pick d join college c using (college_id) group by 1, 2 order by 3 desc, 2 limit 2"
    )
    assert largest == [("Texas", 1984, 17), ("Georgia", 2022, 15)]


def test_outliers_are_flagged_and_kept(real: Loader) -> None:
    assert real.value("select count(*) from quality_issue where rule = 'outlier_forty'") == 30
    far = real.rows("select split_part(entity, '/', 2) from quality_issue where rule = 'outlier_forty' order by issue_id limit 4")
    assert {name for (name,) in far} == {"Brian Gray", "Char-Ron Dorsey", "Regis Crawford", "DAnte Smith"}
    assert real.value("select count(*) from combine_entry where player_name = 'Char-Ron Dorsey' and forty is not null") == 1


def test_exports_equal_the_source_cell_by_cell(real: Loader, real_data: Path) -> None:
    source = pl.read_parquet(_release(real_data, "draft_picks", "parquet")).with_columns(pl.col(pl.String).replace("", None))
    source = source.sort("season", "pick")
    for suffix in ("parquet", "csv"):
        path = real.exports / f"draft_picks-v1.{suffix}"
        export = pl.read_parquet(path) if suffix == "parquet" else pl.read_csv(path, infer_schema_length=None)
        assert (export.height, export["team"].n_unique()) == (12_927, 38)
        same = export.select(source.columns).cast({name: dtype for name, dtype in source.schema.items() if name != "car_av"})
        assert same.drop("car_av").equals(source.drop("car_av")), suffix
        assert same["car_av"].null_count() == 12_927
    names = pl.read_csv(real.exports / "combine-v1.csv", infer_schema_length=None)["player_name"].to_list()
    names += pl.read_csv(real.exports / "draft_picks-v1.csv", infer_schema_length=None)["pfr_player_name"].to_list()
    assert {"Amaré Barno", "Tré Turner", "Audric Estimé", "Julién Davenport", "Alizé Mack"} <= set(names)


def test_first_60_percent_of_a_release(load: Loader, real_data: Path, tmp_path: Path) -> None:
    content = _release(real_data, "draft_picks", "csv").read_bytes()
    (tmp_path / "draft_picks.csv").write_bytes(content[: len(content) * 6 // 10])
    report = load(tmp_path, datasets=("draft_picks",))["draft_picks"]
    assert report.state == "failed"
    assert "cut off" in str(report.error)
    # also when the cut happens to fall between two lines
    (tmp_path / "draft_picks.csv").write_bytes(content[: content.rindex(b"\n", 0, len(content) * 6 // 10) + 1])
    report = load(tmp_path, datasets=("draft_picks",))["draft_picks"]
    assert report.state == "failed"
    assert "a complete one has at least" in str(report.error)
    assert load.value("select count(*) from draft_pick") == 0
