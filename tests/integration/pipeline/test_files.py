"""Files as they come: other codes, packed, several of one data set, older releases, columns that are gone."""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path

import polars as pl
import pytest

from app.datasets import DATASETS
from pipeline.errors import SourceInvalid
from pipeline.issues import IssueLog
from pipeline.steps.check_schema import check_columns
from tests.integration.pipeline.conftest import Loader, Writer

KICKER = pl.col("pos") == "K"


def test_codes_of_positions(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    """A known alias is a code like any other; an unknown code costs its rows, not the file."""
    kicker = KICKER & (pl.col("season") == pl.col("season").filter(KICKER).max())
    first = pl.int_range(pl.len()).is_in([0, 1])
    picked = (pl.col("season") == 2003) & (pl.col("pick") == 5)
    entries = made_up["combine"].with_columns(pos=pl.when(kicker).then(pl.lit("PK")).when(first).then(pl.lit("ZZ")).otherwise("pos"))
    picks = made_up["draft_picks"].with_columns(position=pl.when(picked).then(pl.lit("ZZ")).otherwise("position"))
    directory = folder()
    load(directory)
    before = load.value("select count(*) from combine_entry")

    reports = load(folder("other", combine=entries, draft_picks=picks))

    assert {report.state for report in reports.values()} <= {"loaded", "unchanged"}, [report.error for report in reports.values()]
    assert load.value("select count(*) from combine_entry where pos = 'PK'") == entries.filter(kicker).height
    assert load.value("select count(*) from combine_entry") == int(str(before)) - 2
    assert load.value("select row_count from dataset where dataset = 'combine'") == int(str(before)) - 2
    found = "select dataset, severity, value, count(*), min(message) from quality_issue where rule = 'unknown_position' group by 1, 2, 3"
    assert load.rows(f"{found} order by 1, 2") == [
        ("combine", "quarantine", "ZZ", 2, _left_out(entries.filter(pl.col("pos") == "ZZ"), "player_name")),
        ("combine", "warning", "ZZ", 1, f"The position ZZ is unknown (2 rows {_LIST}"),
        ("draft_picks", "quarantine", "ZZ", 1, _left_out(picks.filter(picked), "pfr_player_name")),
        ("draft_picks", "warning", "ZZ", 1, f"The position ZZ is unknown (1 row {_LIST}"),
    ]
    assert load(directory)["draft_picks"].rows_inserted == 1


_LIST = "left out); pipeline/reference/positions.csv lists the codes."


def _left_out(rows: pl.DataFrame, name: str) -> str:
    return min(f"{row['season']}/{row[name]}: the position ZZ is unknown; the row was left out." for row in rows.iter_rows(named=True))


def test_a_packed_file_is_read_and_an_older_one_is_named(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    directory = folder()
    for path in directory.glob("*.csv"):
        with path.open("rb") as plain, gzip.open(f"{path}.gz", "wb", compresslevel=1) as packed:
            shutil.copyfileobj(plain, packed)
        path.unlink()
    old = directory / "combine.parquet"
    made_up["combine"].head(10).write_parquet(old)
    os.utime(old, (1_000, 1_000))
    reports = load(directory, datasets=("draft_picks", "combine"))
    assert {report.state for report in reports.values()} == {"loaded"}, [report.error for report in reports.values()]
    assert load.value("select count(*) from draft_pick") == len(made_up["draft_picks"])
    assert load.value("select count(*) from combine_entry") == len(made_up["combine"])
    assert str(reports["combine"].location).endswith("combine.csv.gz")
    assert load.rows("select dataset, entity from quality_issue where rule = 'file_passed_over'") == [("combine", str(old))]
    assert load(directory, datasets=("combine",))["combine"].state == "unchanged"


FOREIGN = "Rnd,Pick,Tm,Player,Pos,Age,To,AP1,PB,St,wAV,DrAV,G,Cmp,Att,Yds,TD,Int,Att,Yds,TD,Rec,Yds,TD,Solo,Int,Sk,College/Univ,"


@pytest.mark.parametrize(
    ("dataset", "header", "message"),
    [
        ("combine", "a,b,,", "not laid out like combine/combine of the nflverse release.*: its columns are a, b and 2 without"),
        ("draft_picks", "1980,1,1,DET,00-0014210,SimsBi00", r"its first line is data \(1980, 1, 1, .*\)\. Put the column"),
        ("draft_picks", FOREIGN, "its columns are Rnd, Pick, Tm, Player, .* 20 more and 1 without .*closest: Rnd for round, Pick for"),
        ("draft_picks", ",".join(DATASETS["combine"].field_names), "has the columns of combine: name it combine"),
        ("trades", ",".join(DATASETS["trades"].field_names).replace("gave", "Gave"), r"the column gave \(closest: Gave for gave\)\.$"),
        ("pick_values", "pick,pick,stuart,johnson,hill,otc,pff", "has the column pick more than once"),
    ],
    ids=["nameless", "no header", "another site's", "another data set", "another spelling", "doubled"],
)  # fmt: skip
def test_a_header_of_another_kind(dataset: str, header: str, message: str) -> None:
    with pytest.raises(SourceInvalid, match=message) as refused:
        check_columns(header.split(","), DATASETS[dataset], IssueLog())
    assert len(str(refused.value)) < 600


def test_columns_that_nothing_needs_may_go(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    """Also when they had values before; a column without a name, as spreadsheets append, is not loaded."""
    load(folder(), datasets=("draft_picks",))
    fewer = folder("fewer", draft_picks=made_up["draft_picks"].drop("car_av", "category"))
    text = (fewer / "draft_picks.csv").read_text()
    (fewer / "draft_picks.csv").write_text(text.replace("\n", ",,\n"))
    report = load(fewer, datasets=("draft_picks",))["draft_picks"]
    assert (report.state, report.error) == ("loaded", None)
    assert load.value("select count(category) from draft_pick") == 0
    found = load.rows("select rule, field from quality_issue where run_id = $1 and severity = 'warning' order by 1, 2", report.run_id)
    assert found == [("missing_column", "car_av"), ("missing_column", "category"), ("nameless_column", None)]


@pytest.mark.real_data
def test_releases_of_other_years(load: Loader, real_data: Path, tmp_path: Path) -> None:
    """A release of 2022 fills an empty database, its newest class finished or not; one older than what is loaded needs the option."""
    [release] = real_data.glob("nflverse/draft_picks_*.csv")
    picks = pl.read_csv(release, infer_schema_length=None)
    season, pick = pl.col("season"), pl.col("pick")
    parts = {
        "begun": (season < 2022) | ((season == 2022) & (pick <= 32)),
        "older": season <= 2022,
        "newer": season > 0,
        "thin": (season != 1995) | (pick < 99),
    }
    begun, older, newer, thin = (tmp_path / name for name in parts)
    for name, rows in parts.items():
        (tmp_path / name).mkdir()
        picks.filter(rows).write_csv(tmp_path / name / "draft_picks.csv")
    assert load(begun, datasets=("draft_picks",))["draft_picks"].rows_inserted == 11_667
    assert load.rows("select season, message from quality_issue where rule = 'season_unfinished'") == [
        (2022, "2022 has 32 rows so far; a complete season has at least 200.")
    ]
    cut = load(thin, datasets=("draft_picks",))["draft_picks"]
    assert (cut.state, cut.error) == ("failed", "The season 1995 has 98 rows in the draft_picks file; a complete one has at least 200.")
    assert load(older, datasets=("draft_picks",))["draft_picks"].rows_inserted == 230
    assert load(newer, datasets=("draft_picks",))["draft_picks"].rows_inserted == 516
    refused = load(older, datasets=("draft_picks",))["draft_picks"]
    assert (refused.state, str(refused.error).endswith("If you want this older release back, load it with --older.")) == ("failed", True)
    back = load(older, datasets=("draft_picks",), older=True)["draft_picks"]
    assert (back.state, back.rows_deleted, back.warnings) == ("loaded", 516, 3), back.error
    assert load.value("select max(season) from draft_pick") == 2022
    found = load.rows(
        "select rule, season, message from quality_issue where run_id = $1 and severity = 'warning' order by 1, 2", back.run_id
    )
    assert found == [
        ("older_release", None, "Loaded with --older: a file of 11897 rows over 12413, whose fields were not compared."),
        ("season_shrank", 2023, "2023 has 0 rows; it had 259."),
        ("season_shrank", 2024, "2024 has 0 rows; it had 257."),
    ]
