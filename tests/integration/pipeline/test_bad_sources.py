"""A source that is broken: the load fails or repairs by rule, says why in the ledger, and the last good data stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tests.integration.pipeline.conftest import Loader, Writer

Spoil = Callable[[Path, pl.DataFrame], None]


def _write(directory: Path, frame: pl.DataFrame) -> None:
    frame.write_csv(directory / "draft_picks.csv")


def _cut_in_the_middle(directory: Path, frame: pl.DataFrame) -> None:
    _write(directory, frame)
    content = (directory / "draft_picks.csv").read_bytes()
    (directory / "draft_picks.csv").write_bytes(content[: int(len(content) * 0.6)])


def _cut_between_lines(directory: Path, frame: pl.DataFrame) -> None:
    _write(directory, frame.head(len(frame) * 6 // 10))


def _without_column(directory: Path, frame: pl.DataFrame) -> None:
    _write(directory, frame.drop("team"))


def _web_page(directory: Path, _frame: pl.DataFrame) -> None:
    (directory / "draft_picks.csv").write_text("<!DOCTYPE html><html><body>502 Bad Gateway</body></html>")


def _empty(directory: Path, _frame: pl.DataFrame) -> None:
    (directory / "draft_picks.csv").write_bytes(b"")


def _header_only(directory: Path, frame: pl.DataFrame) -> None:
    _write(directory, frame.clear())


def _doubled_classes(directory: Path, frame: pl.DataFrame) -> None:
    more = frame.filter(pl.col("pick") <= pl.col("pick").max().over("season") // 2)
    more = more.with_columns(pick=pl.col("pick") + pl.col("pick").max().over("season") * 2)
    size = frame.group_by("season").agg(pl.col("pick").max().alias("size"))
    more = more.sort("season", "pick").with_columns(pick=pl.int_range(1, pl.len() + 1).over("season")).join(size, on="season")
    more = more.with_columns(pick=(pl.col("pick") + pl.col("size")).cast(pl.Int32)).drop("size")
    _write(directory, pl.concat([frame, more]))


def _repeated(directory: Path, frame: pl.DataFrame) -> None:
    _write(directory, pl.concat([frame, frame.head(len(frame) // 2)]))


def _gap(directory: Path, frame: pl.DataFrame) -> None:
    _write(directory, frame.filter((pl.col("season") != 2003) | (pl.col("pick") != 5)))


def _doubled_pick(directory: Path, frame: pl.DataFrame) -> None:
    _write(directory, pl.concat([frame, frame.head(1).with_columns(pfr_player_name=pl.lit("Somebody Else"))]))


def _unknown_team(directory: Path, frame: pl.DataFrame) -> None:
    _write(directory, frame.with_columns(team=pl.when(pl.col("season") == 2003).then(pl.lit("XXX")).otherwise("team")))


def _team_of_another_era(directory: Path, frame: pl.DataFrame) -> None:
    _write(directory, frame.with_columns(team=pl.when(pl.col("season") == 2020).then(pl.lit("STL")).otherwise("team")))


def _unknown_position(directory: Path, frame: pl.DataFrame) -> None:
    _write(directory, frame.with_columns(position=pl.when(pl.col("pick") == 1).then(pl.lit("ZZ")).otherwise("position")))


def _round_thirteen(directory: Path, frame: pl.DataFrame) -> None:
    _write(directory, frame.with_columns(round=pl.when(pl.col("pick") == 2).then(13).otherwise("round")))


def _emptied_column(directory: Path, frame: pl.DataFrame) -> None:
    _write(directory, frame.with_columns(games=pl.lit(None, dtype=pl.Int32)))


def _binary(directory: Path, _frame: pl.DataFrame) -> None:
    (directory / "draft_picks.csv").write_bytes(bytes(range(256)) * 40)


def _hole(directory: Path, frame: pl.DataFrame) -> None:
    """A block that was never written, as a disk leaves it."""
    _write(directory, frame)
    content = (directory / "draft_picks.csv").read_bytes()
    (directory / "draft_picks.csv").write_bytes(content[:5000] + bytes(64) + content[5064:])


BROKEN: list[tuple[Spoil, str]] = [
    (_cut_in_the_middle, "cut off"),
    (_cut_between_lines, "is not compatible with the previous load"),
    (_without_column, "lacks the column team"),
    (_web_page, "web page"),
    (_empty, "is empty"),
    (_header_only, "no rows"),
    (_doubled_classes, "is not compatible with the previous load"),
    (_repeated, "repeat another row"),
    (_gap, "Pick 5 of 2003 is missing"),
    (_doubled_pick, "is in the file twice, with different values"),
    (_unknown_team, "XXX in 2003"),
    (_team_of_another_era, "STL in 2020"),
    (_unknown_position, "has unknown positions: ZZ ("),
    (_round_thirteen, "cannot be in round 13"),
    (_emptied_column, "games is filled in"),
    (_binary, "draft_picks"),
    (_hole, "NUL character"),
]


@pytest.mark.parametrize(("spoil", "reason"), BROKEN, ids=[spoil.__name__.strip("_") for spoil, _ in BROKEN])
def test_broken_source_changes_nothing_and_says_why(
    load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame], spoil: Spoil, reason: str
) -> None:
    directory = folder()
    load(directory)
    before = load.rows("select * from draft_pick order by season, pick")
    spoil(directory, made_up["draft_picks"])

    report = load(directory)["draft_picks"]

    assert report.state == "failed"
    assert reason in str(report.error)
    assert "\n" not in str(report.error)
    assert load.rows("select * from draft_pick order by season, pick") == before
    assert load.rows("select version, row_count from dataset where dataset = 'draft_picks'") == [(1, len(before))]
    state, error = load.rows("select state, error from load_run where run_id = $1", report.run_id)[0]
    assert (state, error) == ("failed", report.error)
    assert load.value("select count(*) from quality_issue where run_id = $1 and severity = 'error'", report.run_id) == 1


def test_damaged_parquet(load: Loader, folder: Writer) -> None:
    directory = folder(file_format="parquet")
    load(directory)
    path = directory / "draft_picks.parquet"
    path.write_bytes(path.read_bytes()[:2000])
    report = load(directory)["draft_picks"]
    assert report.state == "failed"
    assert "truncated or damaged" in str(report.error)


def test_missing_folder_is_skipped(load: Loader, tmp_path: Path) -> None:
    reports = load(tmp_path / "nowhere")
    assert {report.state for report in reports.values()} == {"skipped"}
    assert all("--from" in str(report.error) for report in reports.values())


def test_first_bad_file_leaves_an_empty_database_empty(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    directory = folder()
    _gap(directory, made_up["draft_picks"])
    reports = load(directory)
    assert reports["draft_picks"].state == "failed"
    # the other file is fine and does not suffer
    assert reports["combine"].state == "loaded"
    assert load.value("select count(*) from draft_pick") == 0
    assert not list(load.exports.glob("draft_picks-*"))


def test_one_latin_1_byte_is_repaired_in_its_line_only(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    marked = made_up["draft_picks"].with_columns(
        pfr_player_name=pl.when((pl.col("season") == 2003) & (pl.col("pick") == 1)).then(pl.lit("José Nobody"))
        .when((pl.col("season") == 2003) & (pl.col("pick") == 2)).then(pl.lit("Amaré Somebody")).otherwise("pfr_player_name")
    )  # fmt: skip
    directory = folder(draft_picks=marked)
    path = directory / "draft_picks.csv"
    path.write_bytes(path.read_bytes().replace("José Nobody".encode(), "José Nobody".encode("latin-1")))

    report = load(directory)["draft_picks"]

    assert report.state == "loaded"
    names = load.rows("select pfr_player_name from draft_pick where season = 2003 and pick <= 2 order by pick")
    assert names == [("José Nobody",), ("Amaré Somebody",)]
    assert load.value("select count(*) from quality_issue where rule = 'encoding_repaired'") == 1


def test_a_few_repeated_rows_are_dropped_with_a_warning(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    picks = made_up["draft_picks"]
    report = load(folder(draft_picks=pl.concat([picks, picks.head(3)])))["draft_picks"]
    assert (report.state, report.rows_inserted) == ("loaded", len(picks))
    assert load.value("select count(*) from quality_issue where rule = 'repeated_row'") == 3


def test_implausible_values_are_quarantined_not_loaded(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    third = pl.int_range(pl.len()) == 3
    entries = made_up["combine"].with_columns(
        forty=pl.when(third).then(45.5).otherwise("forty"), ht=pl.when(pl.int_range(pl.len()) == 4).then(pl.lit("6-14")).otherwise("ht")
    )
    report = load(folder(combine=entries))["combine"]
    assert (report.state, report.rows_quarantined) == ("loaded", 2)
    assert load.rows("select field, value from quality_issue where severity = 'quarantine' order by field") == [
        ("forty", "45.5"),
        ("ht", "6-14"),
    ]
    assert load.value("select max(forty) < 7 from combine_entry")
    # the text of the source is kept even where its meaning is not
    assert load.value("select count(*) from combine_entry where ht = '6-14' and height_in is null") == 1


def test_a_height_in_digits_of_another_script_is_quarantined(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    fourth = pl.int_range(pl.len()) == 4
    entries = made_up["combine"].with_columns(ht=pl.when(fourth).then(pl.lit("６-２")).otherwise("ht"))
    report = load(folder(combine=entries))["combine"]
    assert (report.state, report.rows_quarantined) == ("loaded", 1)
    assert load.rows("select field, value from quality_issue where severity = 'quarantine'") == [("ht", "６-２")]


def test_too_many_implausible_values_fail(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    report = load(folder(combine=made_up["combine"].with_columns(forty=pl.col("forty") * 2)))["combine"]
    assert report.state == "failed"
    assert "implausible values in forty" in str(report.error)


def test_a_new_column_warns(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    report = load(folder(draft_picks=made_up["draft_picks"].with_columns(hands=pl.lit(9.5))))["draft_picks"]
    assert report.state == "loaded"
    assert load.rows("select severity, field from quality_issue where rule = 'unknown_column'") == [("warning", "hands")]


def test_a_load_that_rewrites_a_stable_column_is_held_until_it_is_wanted(
    load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]
) -> None:
    load(folder())
    directory = folder("other", draft_picks=made_up["draft_picks"].with_columns(age=pl.col("age") + 1))
    held = load(directory)["draft_picks"]
    assert held.state == "held"
    assert "age" in str(held.error)
    assert "--replace" in str(held.error)
    assert load.value("select max(version) from dataset where dataset = 'draft_picks'") == 1
    assert load(directory, replace=True)["draft_picks"].state == "loaded"


def test_a_combine_season_that_shrank(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    entries = made_up["combine"]
    load(folder())
    size = entries.filter(pl.col("season") == 2010).height
    gone = (pl.col("season") == 2010) & (pl.int_range(pl.len()).over("season") < max(1, size * 2 // 100))
    fewer = load(folder("fewer", combine=entries.filter(~gone)))["combine"]
    lost = load(folder("lost", combine=entries.filter(pl.col("season") != 2011)))["combine"]
    assert lost.state == "failed"
    assert "2011 has 0 rows" in str(lost.error)
    assert size >= 40  # one of them is more than one percent and less than five
    assert (fewer.state, fewer.rows_deleted, fewer.warnings > 0) == ("loaded", 1, True)
