"""What any keyed data set gets from its declaration alone: cells, checks, and hooks where there are some."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from app.datasets import DATASETS, EXPECTED
from app.datasets.model import Dataset, Field, Gates
from app.errors import DraftQueenError
from pipeline.errors import QualityGateFailed, SourceInvalid
from pipeline.extraction import offered
from pipeline.issues import IssueLog
from pipeline.options import LoadOptions
from pipeline.schema import columns_checksum
from pipeline.sources.hooks import Hooks, source_of
from pipeline.steps.decode import decode
from pipeline.steps.extract import describe_file
from pipeline.steps.validate import check_row_counts, entity_of, usable_rows

GAMES = Dataset(
    name="games",
    title="games",
    rows="games",
    about="Games.",
    table="game",
    fields=(
        Field("week", "integer", "the week", low=1, high=20, required_by="the key"),
        Field("home", "text", "who plays at home", required_by="the key"),
        Field("day", "date", "the day"),
        Field("points", "integer", "points of both", low=0, high=200),
    ),
    key=("week", "home"),
    gates=Gates(min_rows=2, telling=("week", "home"), shrink_warns=0.1, shrink_fails=0.5),
    source="nowhere",
    licence="none",
    file_stem="games",
)


def usable(*rows: tuple[object, ...]) -> tuple[pl.DataFrame, IssueLog]:
    schema = {"week": pl.Int32, "home": pl.String, "day": pl.Date, "points": pl.Int32}
    issues = IssueLog()
    return usable_rows(GAMES, pl.DataFrame(rows, schema=schema, orient="row"), issues, synthetic=False), issues


def test_rows_come_in_the_order_of_their_key() -> None:
    frame, issues = usable((2, "KC", None, 40), (1, "SF", None, 30), (1, "BUF", None, None))
    assert frame.select("week", "home").rows() == [(1, "BUF"), (1, "SF"), (2, "KC")]
    assert not issues.counts


def test_a_key_twice_and_an_impossible_key_are_refused() -> None:
    with pytest.raises(QualityGateFailed, match="1/KC is in the games file twice"):
        usable((1, "KC", None, 40), (1, "KC", None, 41), (2, "KC", None, 1))
    with pytest.raises(QualityGateFailed, match="21/KC: week 21 is not between 1 and 20"):
        usable((21, "KC", None, 40), (2, "KC", None, 1))
    with pytest.raises(SourceInvalid, match="has 1 rows; a complete one has at least 2"):
        usable((1, "KC", None, 40))


def test_an_implausible_value_is_set_aside_and_named_by_the_key() -> None:
    frame, issues = usable(*((week, "KC", None, 300 if week == 7 else 40) for week in range(1, 21)))
    assert frame.filter(pl.col("points").is_null())["week"].to_list() == [7]
    assert [issue.entity for issue in issues.kept] == ["7/KC"]


def test_rows_are_counted_as_a_whole_without_seasons() -> None:
    frame, _ = usable((1, "KC", None, 40), (2, "KC", None, 41))
    issues = IssueLog()
    check_row_counts(frame, 2, {}, {}, GAMES, issues)
    assert not issues.counts
    check_row_counts(frame, 3, {}, {}, GAMES, issues)
    assert issues.count("warning", "rows_fewer") == 1
    with pytest.raises(QualityGateFailed, match="has 2 rows; the previous load had 5"):
        check_row_counts(frame, 5, {}, {}, GAMES, issues)


def test_days_are_read_from_text_days_and_moments(tmp_path: Path) -> None:
    text = tmp_path / "games.csv"
    text.write_text("week,home,day,points\n1,KC,2024-09-05,47\n2,KC, 2024-09-15 ,51\n3,KC,NA,51\n4,KC,September,51\n")
    issues = IssueLog()
    days = decode(describe_file(text), GAMES, issues)["day"].to_list()
    assert days == [date(2024, 9, 5), date(2024, 9, 15), None, None]
    assert [(issue.rule, issue.value) for issue in issues.kept] == [("wrong_type", "September")]
    parquet = tmp_path / "games.parquet"
    for cell in (date(2024, 9, 5), datetime(2024, 9, 5, 20, 20)):  # noqa: DTZ001 - as files have them
        pl.DataFrame({"week": [1], "home": ["KC"], "day": [cell], "points": [47]}).write_parquet(parquet)
        assert decode(describe_file(parquet), GAMES, issues)["day"].to_list() == [date(2024, 9, 5)]


def test_hooks_are_found_by_name_and_none_are_needed() -> None:
    assert source_of("pick_values").hooks == Hooks()
    assert source_of("combine").hooks.figures is not None
    assert source_of("trades").hooks.people is None
    assert [name for name in DATASETS if source_of(name).hooks.people is not None] == ["draft_picks", "combine", "players"]
    with pytest.raises(DraftQueenError, match="Unknown data set rosters"):
        source_of("rosters")


def test_a_row_is_called_by_its_person_or_its_key() -> None:
    assert entity_of(GAMES, {"week": 3, "home": "KC"}) == "3/KC"
    assert entity_of(DATASETS["draft_picks"], {"season": 2020, "pick": 1, "pfr_player_name": "Joe Burrow"}) == "2020/Joe Burrow"


def test_words_do_not_make_a_file_be_read_again_but_declarations_do() -> None:
    week, *others = GAMES.fields
    reworded = replace(GAMES, fields=(replace(week, description="another word"), *others))
    assert columns_checksum(reworded) == columns_checksum(GAMES)
    bounded = replace(GAMES, fields=(replace(week, high=22), *others))
    assert columns_checksum(bounded) != columns_checksum(GAMES)


def test_a_source_offers_what_it_has(tmp_path: Path) -> None:
    (tmp_path / "draft_values.csv").touch()
    files = LoadOptions(dsn="", exports_dir=tmp_path, source="files", directory=tmp_path)
    assert offered(files, {"trades"}) == (*EXPECTED, "pick_values")
    assert offered(replace(files, directory=tmp_path / "nowhere"), ()) == EXPECTED
    assert offered(replace(files, source="sample"), {"trades"}) == tuple(DATASETS)
    assert offered(replace(files, source="web"), {"trades", "pick_values"}) == (*EXPECTED, "trades")
    assert offered(replace(files, source="web"), ()) == EXPECTED
