"""Data sets without people of their own: the pick charts, which have no seasons either, and trades with two franchises per leg."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.integration.pipeline.conftest import Loader, Writer

THREE_TEAMS = "having count(distinct code) > 2"
BY_TRADE = "select trade_id from (select trade_id, unnest(array[gave, received]) as code from trade_leg) t group by trade_id {} order by 1"


@pytest.fixture
def charts(tmp_path: Path) -> Path:
    """A folder with charts of 250 picks."""
    directory = tmp_path / "charts"
    directory.mkdir()
    values = pl.DataFrame({"pick": range(1, 251)}, schema={"pick": pl.Int32})
    points = (3000 / pl.col("pick")).round(2)
    values.with_columns(stuart=points, johnson=points, hill=points, otc=points, pff=points).write_csv(directory / "draft_values.csv")
    return directory


def _changed(directory: Path, *changes: pl.Expr) -> None:
    path = directory / "draft_values.csv"
    pl.read_csv(path).with_columns(*changes).write_csv(path)


def test_a_data_set_without_seasons_is_compared_by_its_key(load: Loader, charts: Path) -> None:
    first = load(charts, datasets=("pick_values",))["pick_values"]
    assert (first.state, first.error, first.rows_inserted, first.dataset_version) == ("loaded", None, 250, 1)
    assert load(charts, datasets=("pick_values",))["pick_values"].state == "unchanged"
    _changed(charts, pl.when(pl.col("pick") == 9).then(1.0).otherwise("hill").alias("hill"))
    second = load(charts, datasets=("pick_values",))["pick_values"]
    assert (second.rows_updated, second.rows_unchanged, second.rows_inserted, second.rows_deleted) == (1, 249, 0, 0)
    assert load.rows("select season, pick, person_id, name, field, new_value from change_event") == [(None, 9, None, "9", "hill", "1")]
    shorter = pl.read_csv(charts / "draft_values.csv").filter(pl.col("pick") <= 240)
    shorter.write_csv(charts / "draft_values.csv")
    third = load(charts, datasets=("pick_values",))["pick_values"]
    assert (third.state, third.rows_deleted) == ("loaded", 10)
    assert load.value("select count(*) from change_event where kind = 'removed'") == 10
    assert load.value("select count(*) from pick_value") == 240


def test_a_chart_that_repeats_a_pick_or_loses_many_is_refused(load: Loader, charts: Path) -> None:
    load(charts, datasets=("pick_values",))
    values = pl.read_csv(charts / "draft_values.csv")
    pl.concat([values, values.tail(1).with_columns(pff=9.0)]).write_csv(charts / "draft_values.csv")
    doubled = load(charts, datasets=("pick_values",))["pick_values"]
    assert (doubled.state, doubled.error) == ("failed", "250 is in the pick_values file twice.")
    values.head(224).write_csv(charts / "draft_values.csv")
    fewer = load(charts, datasets=("pick_values",))["pick_values"]
    assert fewer.state == "failed"
    assert str(fewer.error).startswith("The pick_values file has 224 rows; the previous load had 250.")
    assert load.value("select count(*) from pick_value") == 250


def test_charts_are_no_part_of_a_league(load: Loader, charts: Path, folder: Writer) -> None:
    """Real charts do not take the place of a made-up league, and do not keep one out."""
    assert load(charts, datasets=("pick_values",))["pick_values"].state == "loaded"
    league = folder()
    assert {report.state for report in load(league).values()} == {"loaded"}
    _changed(charts, pl.lit(1.0).alias("pff"))
    assert load(charts, datasets=("pick_values",), replace=True)["pick_values"].state == "loaded"
    assert load.value("select count(*) > 0 from draft_pick") is True


def test_a_folder_decides_which_other_data_sets_are_loaded(load: Loader, charts: Path, folder: Writer) -> None:
    league = folder()
    assert list(load(league)) == ["draft_picks", "combine"]
    (league / "draft_values.csv").write_bytes((charts / "draft_values.csv").read_bytes())
    assert list(load(league)) == ["draft_picks", "combine", "pick_values"]
    missing = load(league, datasets=("trades",))["trades"]
    assert missing.state == "skipped"
    assert missing.error is not None
    assert "trades.csv" in missing.error


def test_the_real_trades_and_charts(load: Loader, real_data: Path) -> None:
    reports = load(real_data / "nfldata", datasets=("pick_values", "trades"))
    assert {(name, report.state, report.error) for name, report in reports.items()} == {
        ("pick_values", "loaded", None),
        ("trades", "loaded", None),
    }
    assert load.rows(
        "select count(*), count(distinct trade_id), count(pick_season), count(pick_season) - count(pick_number),"
        " count(*) filter (where conditional) from trade_leg"
    ) == [(3644, 1246, 2706, 193, 122)]
    assert load.value("select count(distinct code) from (select unnest(array[gave, received]) as code from trade_leg) t") == 35
    assert load.rows(BY_TRADE.format(THREE_TEAMS)) == [(6,), (117,), (164,), (384,)]
    one_sided = "having count(distinct code) = 2 and (select count(distinct gave) from trade_leg l where l.trade_id = t.trade_id) = 1"
    assert load.rows(BY_TRADE.format(one_sided)) == [(93,), (96,), (99,), (101,), (106,), (111,)]
    assert load.value("select count(*) from pick_value") == 262
    assert load.rows("select pick, johnson from pick_value where pick in (1, 32, 33, 64, 224, 225, 262) order by 1") == [
        (1, 3000), (32, 590), (33, 580), (64, 270), (224, 2), (225, 0), (262, 0),
    ]  # fmt: skip
    assert load.rows("select stuart, hill, otc, pff from pick_value where pick = 1") == [(34.6, 1000, 3000, 1.135)]
    assert load.value("select otc from pick_value where pick = 32") == 1175
    exported = pl.read_parquet(load.exports / "trades-v1.parquet")
    assert (len(exported), exported["gave_franchise"].null_count()) == (3644, 0)
    assert exported.filter(pl.col("gave") == "STL")["gave_franchise"].unique().to_list() == ["LAR"]

    later = load(real_data / "nflverse", datasets=("trades",))["trades"]
    assert (later.state, later.error, later.rows_read) == ("loaded", None, 4847)
    assert load.rows(
        "select count(distinct trade_id), count(pick_season), count(*) filter (where conditional), min(trade_date)::text,"
        " max(trade_date)::text from trade_leg"
    ) == [(1632, 3628, 232, "2002-03-04", "2025-08-28")]
    assert load.rows(BY_TRADE.format(THREE_TEAMS)) == [(6,), (117,), (164,), (384,), (1629,)]


def test_players_are_linked_when_their_selections_are_loaded(load: Loader, real_data: Path) -> None:
    """An unchanged file of trades is read again when the people have changed."""
    load(real_data / "nfldata", datasets=("trades",))
    assert load.value("select count(person_id) from trade_leg") == 0
    load(real_data / "nflverse", datasets=("draft_picks",))
    assert load.value("select count(*) from pick_value") == 0
    again = load(real_data / "nfldata", datasets=("trades",))["trades"]
    assert again.rows_updated == load.value("select count(person_id) from trade_leg")
    assert again.rows_updated > 2500
    assert load.value("select count(*) from change_event where dataset = 'trades'") == 0, "the source has not changed"
    wrong = "select count(*) from trade_leg t join draft_pick d using (person_id) where d.pfr_player_id <> t.pfr_id"
    assert load.value(wrong) == 0
    assert load(real_data / "nfldata", datasets=("trades",))["trades"].state == "unchanged"
    charts = load(real_data / "nfldata", datasets=("pick_values",))["pick_values"]
    assert charts.state == "loaded"
    beyond = "select count(*), count(johnson) from draft_pick left join pick_value using (pick) where pick > 262"
    assert load.rows(beyond) == [(937, 0)]


def test_a_person_who_is_no_more_leaves_no_reference_behind(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    """A corrected pick may leave its first person without any record; a leg of a trade does not keep him."""
    picks = made_up["draft_picks"]
    load(folder(draft_picks=picks), datasets=("draft_picks",))
    [(person_id,)] = load.rows("select person_id from draft_pick where season = 2012 and pick = 5")
    load.rows(
        "insert into trade_leg (trade_id, leg, season, gave, received, gave_franchise_id, received_franchise_id, person_id, run_id)"
        " values (1, 1, 2012, 'KC', 'BUF', 16, 4, $1, 1)",
        person_id,
    )
    corrected = (pl.col("season") == 2012) & (pl.col("pick") == 5)
    another = {"pfr_player_name": "Another Man", "pfr_player_id": "AnotMa00", "cfb_player_id": None, "gsis_id": None, "college": "Utah"}
    changed = picks.with_columns(pl.when(corrected).then(pl.lit(value)).otherwise(name).alias(name) for name, value in another.items())
    assert load(folder(draft_picks=changed), datasets=("draft_picks",))["draft_picks"].rows_updated == 1
    assert load.value("select count(*) from person where person_id = $1", person_id) == 0
    assert load.rows("select person_id from trade_leg") == [(None,)]


def test_a_leg_without_a_team_is_left_out_and_called_by_its_row(load: Loader, tmp_path: Path, real_data: Path) -> None:
    legs = pl.read_csv(real_data / "nfldata" / "trades.csv", infer_schema=False).with_row_index("line")
    torn = legs.with_columns(pl.when(pl.col("line") != 2000).then(pl.col("gave")).alias("gave")).drop("line").sample(fraction=1, seed=1)
    place = torn["gave"].is_null().arg_true()[0] + 1
    torn.write_csv(tmp_path / "trades.csv")
    report = load(tmp_path, datasets=("trades",))["trades"]
    assert (report.state, report.rows_inserted, report.rows_quarantined) == ("loaded", 3643, 1)
    assert load.value("select message from quality_issue where severity = 'quarantine'") == (
        f"Row {place} has no gave (needed for the franchise) and was left out."
    )
    # the legs are numbered by what they are about: the order of the file does not matter
    legs.drop("line").filter(pl.col("gave").is_not_null()).write_csv(tmp_path / "trades.csv")
    ordered = load(tmp_path, datasets=("trades",))["trades"]
    assert ordered.rows_inserted == 1
    assert ordered.rows_unchanged > 3640
