"""Players: everyone with a record in the league, as the persons who were selected, measured, or neither."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipeline.sources.sample.generate import write
from tests.integration.pipeline.conftest import Loader


@pytest.fixture(scope="module")
def real(real_dsn: str, real_exports: Path) -> Loader:
    """The real files, loaded once for all tests of this module."""
    return Loader(real_dsn, real_exports)


@pytest.mark.real_data
def test_supplemental_selections_are_of_their_own_kind(real: Loader) -> None:
    """Their number is the slot of another player, who would be Cam Newton, Andrew Luck or Baker Mayfield."""
    assert real.value("select count(*) from player") == 24_331
    assert real.rows("select count(*) filter (where gsis_id ~ '^00-'), count(*) filter (where gsis_id = esb_id) from player") == [
        (18_257, 6_074)
    ]
    assert real.rows("select count(draft_year), count(*) filter (where draft_year >= 1980) from player") == [(12_130, 10_810)]
    assert real.value("select count(*) from player where selection = 'supplemental'") == 84
    own_slot = "player p join draft_pick d on d.season = p.draft_year and d.pick = p.draft_pick and d.person_id = p.person_id"
    assert real.value(f"select count(*) from {own_slot}") == 10_725
    names = ("Terrelle Pryor", "Josh Gordon", "Sam Beal", "Adonis Alexander", "Reggie White", "Steve Young")
    assert (
        real.value("select count(*) from player where selection = 'supplemental' and display_name = any($1) and draft_year > 1980", names)
        == 6
    )
    # the last one has a selection in the file, under another number
    assert real.rows(
        "select p.display_name, d.pick from player p join draft_pick d using (person_id) where p.draft_year >= 1980"
        " and d.season = p.draft_year and d.pick <> p.draft_pick"
    ) == [("Matthew Teague", 273)]  # fmt: skip


@pytest.mark.real_data
def test_age_on_the_first_day_of_the_draft(real: Loader) -> None:
    query = "select draft_age_days, draft_age_years, birth_date::text from player where display_name = 'Joe Burrow' and draft_year = 2020"
    assert real.rows(query) == [(8_535, 23, "1996-12-10")]
    ages = real.rows(
        "select display_name, draft_age_days from player where draft_year = 2020 and draft_age_days is not null order by draft_age_days"
    )
    assert (ages[0], ages[-1]) == (("Noah Igbinoghene", 7_453), ("Justin Herron", 8_914))
    assert real.rows("select draft_age_days, birth_date::text from player where display_name = 'Michael Moore' and draft_year = 2000") == [
        (None, "1986-04-06")
    ], "not 14 years old"
    assert real.value("select count(draft_age_days) from player where draft_year < 2000 or selection <> 'regular'") == 0
    years = "extract(year from age(birth_date + draft_age_days, birth_date))"
    assert real.value(f"select count(*) from player where draft_age_years <> {years}") == 0


@pytest.mark.real_data
def test_nobody_is_undrafted_before_the_draft_file_begins(real: Loader) -> None:
    assert real.rows("select selection from player where display_name = 'John Riggins'") == [("unlisted",)]
    assert real.value("select min(rookie_season) from player where selection = 'undrafted'") == 1980


@pytest.mark.real_data
def test_careers_of_the_undrafted(real: Loader) -> None:
    careers = real.rows(
        "select p.display_name, c.season, p.rookie_season, p.last_season from player p join combine_entry c using (person_id)"
        " where p.selection = 'undrafted' and (p.display_name, p.rookie_season) in"
        " (('Tony Romo', 2003), ('Danny Amendola', 2008), ('Jason Peters', 2004)) order by 1"
    )
    assert careers == [
        ("Danny Amendola", 2008, 2008, 2021),
        ("Jason Peters", 2004, 2004, 2024),
        ("Tony Romo", 2003, 2003, 2016),
    ]
    # players without a selection and a combine entry are people too, and each is one person
    assert real.value("select count(*) from person where name = 'Kurt Warner'") == 1
    assert real.value("select count(*) - count(distinct person_id) from player") == 0
    # a father and a son under one id stay two people
    assert real.rows(
        "select season, p.rookie_season from combine_entry left join player p using (person_id) where player_name ~ 'Ekiyor'"
    ) == [(2023, None)]
    exported = pl.read_parquet(real.exports / "players-v1.parquet")
    assert exported["person_id"].null_count() == 0
    assert exported.filter(pl.col("pfr_id") == "BurrJo01").select("college", "college_name", "position_leaf", "espn_id").row(0) == (
        *("LSU", "LSU; Ohio State", "QB", "3915511"),
    )


@pytest.fixture
def league(tmp_path: Path) -> Path:
    """A synthetic league with all its files."""
    directory = tmp_path / "league"
    write(directory, 1200, 5, "csv")
    return directory


def test_a_changed_file_of_players_changes_what_differs(load: Loader, league: Path) -> None:
    first = load(league)
    assert {report.state for report in first.values()} == {"loaded"}, {name: report.error for name, report in first.items()}
    assert load.value("select count(*) from person where not synthetic") == 0
    assert load.value("select count(*) from player p join draft_pick d using (person_id) where p.pfr_id <> d.pfr_player_id") == 0
    people = load.value("select count(*) from person")
    assert load.value("select count(*) > 0 from player where selection = 'undrafted'") is True
    assert {report.state for report in load(league).values()} == {"unchanged"}

    rows = pl.read_csv(league / "players.csv", infer_schema=False)
    retired = pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("2024")).otherwise("last_season").alias("last_season")
    newcomer = rows.tail(1).with_columns(gsis_id=pl.lit("00-7654321"), pfr_id=pl.lit("NewmNe00"), display_name=pl.lit("Newman Newsome"))
    pl.concat([rows.with_columns(retired), newcomer]).write_csv(league / "players.csv")
    second = load(league, datasets=("players",))["players"]
    assert (second.error, second.rows_inserted, second.rows_updated, second.rows_deleted) == (None, 1, 1, 0)
    assert load.rows("select kind, name, field, new_value from change_event order by event_id") == [
        ("changed", rows["display_name"][0], "last_season", "2024"),
        ("added", "Newman Newsome", None, None),
    ]
    ids = "select id_type, value from external_id where value in ('00-7654321', 'NewmNe00') order by 1"
    assert load.rows(ids) == [("gsis", "00-7654321"), ("pfr", "NewmNe00")]
    # who has no record any more is no person any more
    rows.with_columns(retired).write_csv(league / "players.csv")
    third = load(league, datasets=("players",))["players"]
    assert (third.error, third.rows_inserted, third.rows_updated, third.rows_deleted) == (None, 0, 0, 1)
    assert load.value("select count(*) from person") == people
    assert load.rows(ids) == []


def test_made_up_charts_give_way_to_real_ones_and_do_not_replace_them(load: Loader, league: Path, tmp_path: Path) -> None:
    load(league, datasets=("pick_values",))
    kinds = "select synthetic, row_count from dataset where dataset = 'pick_values'"
    assert load.rows(kinds) == [(True, 262)]
    real = tmp_path / "real"
    real.mkdir()
    pl.read_csv(league / "draft_values.csv").with_columns(johnson=pl.lit(7.0)).write_csv(real / "draft_values.csv")
    assert load(real, datasets=("pick_values",))["pick_values"].rows_inserted == 262
    assert load.rows(kinds) == [(False, 262)]
    assert load(league)["pick_values"].state == "unchanged"
    assert load.rows(kinds) == [(False, 262)]
    assert load.value("select max(johnson) from pick_value") == 7
    # nor do they come into a database whose league is real: it would be called synthetic because of them
    load.rows("delete from pick_value")
    load.rows("delete from dataset where dataset = 'pick_values'")
    load.rows("update dataset set synthetic = false")
    refused = load(league, datasets=("pick_values",), replace=True)["pick_values"]
    assert refused.state == "skipped"
    assert str(refused.error).startswith("The database holds real data; pick values of a synthetic league do not replace it.")


def test_a_player_whose_person_is_gone_becomes_one_again(load: Loader, league: Path) -> None:
    """A release that does not know players removes people who are nothing else."""
    rows = pl.read_csv(league / "players.csv", infer_schema=False)
    newcomer = rows.tail(1).with_columns(gsis_id=pl.lit("00-7654321"), pfr_id=pl.lit("NewmNe00"), display_name=pl.lit("Newman Newsome"))
    pl.concat([rows, newcomer]).write_csv(league / "players.csv")
    load(league, datasets=("players",))
    for table in ("external_id", "person"):
        load.rows(f"delete from {table} where person_id = (select person_id from player where gsis_id = '00-7654321')")
    pl.concat([rows, newcomer]).with_columns(last_season=pl.lit("2024")).write_csv(league / "players.csv")
    again = load(league, datasets=("players",))["players"]
    assert (again.state, again.rows_inserted) == ("loaded", 0)
    own = "select p.name, e.value from player join person p using (person_id) join external_id e using (person_id)"
    assert load.rows(f"{own} where gsis_id = '00-7654321' and id_type = 'pfr'") == [("Newman Newsome", "NewmNe00")]


def test_it_does_not_matter_whether_the_player_or_his_selection_is_loaded_first(load: Loader, league: Path) -> None:
    # the newest class has no players yet
    picks, entries = (
        pl.read_csv(league / f"{name}.csv", infer_schema=False).filter(pl.col("season") < "2026") for name in ("draft_picks", "combine")
    )
    # the file of the picks names him, but has no id that the players have
    is_last = pl.int_range(pl.len()) == pl.len() - 1
    picks = picks.sort(pl.col("season").cast(pl.Int32), pl.col("pick").cast(pl.Int32)).with_columns(
        pl.when(~is_last).then(column).alias(column) for column in ("pfr_player_id", "gsis_id", "cfb_player_id")
    )
    season, pick, name = picks.select("season", "pick", "pfr_player_name").row(-1)
    entries.filter(pl.col("player_name") != name).write_csv(league / "combine.csv")
    picks.head(-1).write_csv(league / "draft_picks.csv")
    load(league)
    player = "select person_id from player where draft_year = $1::text::int and draft_pick = $2::text::int"
    before, people = load.value(player, season, pick), load.value("select count(*) from person")
    # a load that finds nothing new about people changes nobody
    players = pl.read_csv(league / "players.csv", infer_schema=False).with_columns(last_season=pl.lit("2024"))
    players.write_csv(league / "players.csv")
    load(league, datasets=("players",))
    assert load.value(player, season, pick) == before
    picks.write_csv(league / "draft_picks.csv")
    load(league)
    selected = load.value("select person_id from draft_pick where season = $1::text::int and pick = $2::text::int", season, pick)
    assert before != load.value(player, season, pick) == selected
    assert load.value("select count(*) from person") == people
    ids = "select id_type from external_id where person_id = $1 order by 1"
    assert load.rows(ids, selected) == [("gsis",), ("pfr",)]
    assert load.rows(ids, before) == []


def test_a_selection_that_is_not_recognised_is_reported_instead_of_called_supplemental(load: Loader, league: Path) -> None:
    """Two rows fit one selection equally well, so that neither is given its person."""
    rows = pl.read_csv(league / "players.csv", infer_schema=False)
    twin = rows.head(1).with_columns(gsis_id=pl.lit("00-7654321"))
    pl.concat([rows, twin]).write_csv(league / "players.csv")
    load(league, datasets=("draft_picks", "combine", "players"))
    name, year = rows.select("display_name", "draft_year").row(0)
    assert load.rows("select selection, draft_age_days from player where display_name = $1", name) == [("unlisted", None)] * 2
    issues = "select entity from quality_issue where rule = 'selection_not_recognised'"
    assert load.rows(issues) == [(f"{year}/{name}",)] * 2
    assert load.value("select count(*) > 0 from player where selection = 'supplemental'") is True
