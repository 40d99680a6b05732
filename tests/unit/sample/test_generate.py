"""The synthetic league: any size, always the same, never wrong by the rules that the real files obey."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.datasets import DATASETS
from app.datasets.combine import COMBINE, HEIGHT_IN
from app.datasets.draft_picks import DRAFT_PICKS
from app.names import name_key
from pipeline.reference.college_names import college_key
from pipeline.schema import polars_type
from pipeline.sources.sample import figures, generate, names

REFERENCE = Path(generate.__file__).parents[2] / "reference"
#: What (rows=400, seed=7) is on every machine. A change here changes every synthetic league: say so in CHANGELOG.md.
GOLDEN = {
    "draft_picks": "69879ff5d4d6600622afb5b6a19f2cc562d00ecf58a556addbd0a50328a9c918",
    "combine": "7f84e4b82e4e2e462063e40911efd7a8743ebe94bdf03c2f372e350cedbae87e",
}
GOLDEN_OTHERS = {
    "players": "931f213189c0d5960b7f950a26055156ea6a2f3ba434bdfc34b2c128c2257394",
    "pick_values": "af683ded1d6bd0ebd2d7a0afb1505c1a67b24c4857ca83275c8b9ddb28b46b5e",
    "trades": "4ee3e905200a6f23251c466302b657c4100d2c3103316a1adb11f2d70aafab1c",
}


@pytest.fixture(scope="module")
def real_sized() -> dict[str, pl.DataFrame]:
    return generate.generate(seed=7)


def fingerprint(frame: pl.DataFrame) -> str:
    """Of the columns that have values: a new field without any leaves the league as it is."""
    frame = frame.select(column for column in frame if column.null_count() < len(column))
    return hashlib.sha256(repr([frame.columns, frame.rows()]).encode()).hexdigest()


def test_same_rows_and_seed_give_the_same_league_everywhere() -> None:
    assert {name: fingerprint(frame) for name, frame in generate.generate(400, 7).items()} == GOLDEN


def test_one_file_alone_is_the_same_as_beside_the_other() -> None:
    together = generate.generate(400, 7)
    assert all(generate.generate_dataset(name, 400, 7).equals(frame) for name, frame in together.items())


def test_making_it_in_parts_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "_ROWS_AT_ONCE", 17)
    assert {name: fingerprint(frame) for name, frame in generate.generate(400, 7).items()} == GOLDEN


def test_the_other_files_are_the_same_everywhere() -> None:
    assert {name: fingerprint(generate.generate_dataset(name, 400, 7)) for name in GOLDEN_OTHERS} == GOLDEN_OTHERS


def test_a_trade_moves_picks_that_their_new_owner_used() -> None:
    legs, picks = generate.generate_dataset("trades", 4000, 7), generate.generate_dataset("draft_picks", 4000, 7)
    assert not legs.select("gave", "received", "trade_date").null_count().sum_horizontal().item()
    used = legs.filter(pl.col("pick_number").is_not_null()).join(picks, left_on=["pick_season", "pick_number"], right_on=["season", "pick"])
    assert used.height == legs["pick_number"].count() > 100
    assert used["pfr_name"].equals(used["pfr_player_name"].rename("pfr_name"))
    assert legs["conditional"].any()
    sides = legs.group_by("trade_id").agg(pl.col("gave").n_unique())
    assert set(sides["gave"]) == {1, 2}, "some trades are known from one side only"


def test_players_are_those_who_were_selected_and_some_who_were_not() -> None:
    players, picks = generate.generate_dataset("players", 4000, 7), generate.generate_dataset("draft_picks", 4000, 7)
    assert players["gsis_id"].is_unique().all()
    selected = players.join(picks, left_on=["draft_year", "draft_pick"], right_on=["season", "pick"])
    own = selected.filter(pl.col("pfr_id") == pl.col("pfr_player_id"))
    assert own.height > 2_000
    assert own["birth_date"].dt.year().equals((own["draft_year"] - own["age"]).rename("birth_date"))
    assert 0 < selected.height - own.height < 20, "a supplemental selection has the number of another player's slot"
    assert players["draft_year"].null_count() > 50


def test_another_seed_gives_another_league() -> None:
    one, other = generate.generate(400, 1), generate.generate(400, 2)
    assert not one["draft_picks"]["pfr_player_name"].equals(other["draft_picks"]["pfr_player_name"])
    assert not set(one["draft_picks"]["pfr_player_id"].drop_nulls()) & set(other["draft_picks"]["pfr_player_id"].drop_nulls())


@settings(max_examples=25, deadline=None)
@given(rows=st.integers(generate.MIN_ROWS, 3_000), seed=st.integers(0, 2**63))
def test_any_size_is_a_valid_pair_of_files(rows: int, seed: int) -> None:
    frames = generate.generate(rows, seed)
    picks, entries = frames["draft_picks"], frames["combine"]
    assert picks.height + entries.height == rows
    assert picks.height >= 1
    assert entries.height >= 1
    for frame, dataset in ((picks, DRAFT_PICKS), (entries, COMBINE)):
        assert frame.schema == pl.Schema({column.name: polars_type(column) for column in dataset.fields})
        required = [column.name for column in dataset.fields if column.required]
        assert frame.select(required).null_count().row(0) == (0,) * len(required)
    check_classes(picks)
    check_links(picks, entries)


def check_classes(picks: pl.DataFrame) -> None:
    """Contiguous classes, rounds that never go back and exist in their time."""
    for (season,), group in picks.group_by("season"):
        assert group["pick"].to_list() == list(range(1, group.height + 1)), season
        assert group["round"].is_sorted(), season
        assert group["round"].min() == 1, season
        highest = group["round"].max()
        assert isinstance(highest, int)
        assert highest <= figures.rounds_in(int(str(season))), season


def check_links(picks: pl.DataFrame, entries: pl.DataFrame) -> None:
    """An entry that names a selection names one that exists, once, of the same year, with the same id."""
    linked = entries.filter(pl.col("draft_ovr").is_not_null())
    assert linked.select("draft_year", "draft_ovr").is_duplicated().sum() == 0
    joined = linked.join(picks, left_on=["draft_year", "draft_ovr"], right_on=["season", "pick"], how="left")
    assert joined["team"].null_count() == 0
    assert joined["draft_round"].equals(joined["round"].rename("draft_round"))
    assert joined.filter(pl.col("pfr_id").is_not_null() & (pl.col("pfr_id") != pl.col("pfr_player_id"))).height == 0
    assert entries["pfr_id"].drop_nulls().is_duplicated().sum() == 0


@pytest.mark.parametrize(("rows", "seed"), [(0, 1), (-5, 1), (1, 1), (generate.MAX_ROWS + 1, 1), (50, -1)])
def test_impossible_sizes_are_refused_in_one_sentence(rows: int, seed: int) -> None:
    with pytest.raises(generate.SampleSizeError) as refused:
        generate.generate(rows, seed)
    assert "\n" not in str(refused.value)
    assert str(refused.value).endswith(".")


def test_the_newest_class_has_ids_but_no_results_yet(real_sized: dict[str, pl.DataFrame]) -> None:
    entries = real_sized["combine"].filter(pl.col("season") == figures.LAST_SEASON)
    assert entries.select("draft_year", "draft_team", "draft_round", "draft_ovr").null_count().row(0) == (entries.height,) * 4
    assert entries["pfr_id"].null_count() < entries.height / 2
    picks = real_sized["draft_picks"].filter(pl.col("season") == figures.LAST_SEASON)
    assert picks["games"].null_count() == picks.height
    assert picks["pfr_player_id"].null_count() == 0
    together = entries.join(picks, left_on="pfr_id", right_on="pfr_player_id")
    assert together.height > entries.height / 2


def test_team_codes_and_names_belong_to_their_era(real_sized: dict[str, pl.DataFrame]) -> None:
    with (REFERENCE / "team_eras.csv").open(encoding="utf-8", newline="") as file:
        eras = list(csv.DictReader(file))

    def known(system: str, code: str, season: int) -> str | None:
        found = [
            era["franchise_id"]
            for era in eras
            if (era["system"], era["code"]) == (system, code)
            and int(era["first_season"]) <= season
            and (not era["last_season"] or season <= int(era["last_season"]))
        ]
        return found[0] if len(found) == 1 else None

    picks = real_sized["draft_picks"]
    for season, team in picks.select("season", "team").unique().iter_rows():
        assert known("pfr", team, season) is not None, (season, team)
    assert picks.filter(pl.col("season") == 2026)["team"].n_unique() == 32
    assert picks.filter(pl.col("season") == 1980)["team"].n_unique() == 28
    joined = real_sized["combine"].join(picks, left_on=["draft_year", "draft_ovr"], right_on=["season", "pick"])
    for season, name, code in joined.select("season", "draft_team", "team").unique().iter_rows():
        assert known("name", name, season) == known("pfr", code, season) is not None, (season, name, code)


def test_positions_and_colleges_are_in_our_reference_lists(real_sized: dict[str, pl.DataFrame]) -> None:
    with (REFERENCE / "positions.csv").open(encoding="utf-8", newline="") as file:
        codes = {row["code"] for row in csv.DictReader(file)}
    with (REFERENCE / "colleges.csv").open(encoding="utf-8", newline="") as file:
        colleges = {row["name"] for row in csv.DictReader(file)}
    assert set(real_sized["draft_picks"]["position"]) | set(real_sized["combine"]["pos"]) <= codes
    assert colleges >= figures.BIG_PROGRAMMES
    keys = {college_key(name) for name in colleges}
    seen = set(real_sized["draft_picks"]["college"].drop_nulls()) | set(real_sized["combine"]["school"].drop_nulls())
    assert {name for name in seen if college_key(name) not in keys} == set()


def test_every_measurement_is_plausible(real_sized: dict[str, pl.DataFrame]) -> None:
    entries = real_sized["combine"]
    for column in COMBINE.fields:
        if column.low is not None and column.high is not None:
            values = entries[column.name].drop_nulls()
            assert values.is_between(column.low, column.high).all(), column.name
    feet_inches = entries["ht"].drop_nulls().str.extract_groups(r"^(\d)-(\d{1,2})$").struct.unnest().cast(pl.Int32)
    inches = feet_inches.to_series(0) * 12 + feet_inches.to_series(1)
    assert inches.null_count() == 0
    assert inches.is_between(*HEIGHT_IN.bounds).all()


@pytest.mark.parametrize(
    ("drill", "percent"),
    [
        ("ht", 99.7),
        ("wt", 99.7),
        ("forty", 89.6),
        ("bench", 60),
        ("vertical", 75.7),
        ("broad_jump", 74.5),
        ("cone", 56.6),
        ("shuttle", 58.3),
    ],
)
def test_as_many_take_part_as_in_real_life(real_sized: dict[str, pl.DataFrame], drill: str, percent: float) -> None:
    entries = real_sized["combine"]
    assert 100 * (entries.height - entries[drill].null_count()) / entries.height == pytest.approx(percent, abs=3)


def test_early_picks_have_better_careers_and_fast_players_jump_further(real_sized: dict[str, pl.DataFrame]) -> None:
    careers = real_sized["draft_picks"].filter(pl.col("season") < 2015)
    by_round = careers.group_by("round").agg(pl.col("w_av").fill_null(0).mean(), pl.col("games").is_null().mean()).sort("round")
    assert by_round["w_av"].to_list()[:4] == sorted(by_round["w_av"].to_list()[:4], reverse=True)
    assert by_round["w_av"].item(0) > 3 * by_round["w_av"].item(6)
    assert by_round["games"].item(0) < by_round["games"].item(6)
    receivers = real_sized["combine"].filter(pl.col("pos") == "WR")
    forty_and_jump = receivers.select(pl.corr("forty", "vertical")).item()
    assert -0.8 < forty_and_jump < -0.2
    assert 4.45 < receivers.select(pl.col("forty").mean()).item() < 4.56


def test_outcomes_of_those_who_never_played_are_null_not_zero(real_sized: dict[str, pl.DataFrame]) -> None:
    picks = real_sized["draft_picks"]
    absent = picks.filter(pl.col("games").is_null())
    assert absent.height > 1_000
    assert absent.select("to", "w_av", "dr_av", "pass_yards", "rec_tds", "def_sacks").null_count().row(0) == (absent.height,) * 6
    assert picks.select("allpro", "probowls", "seasons_started", "hof").null_count().row(0) == (0,) * 4
    played = picks.filter(pl.col("games").is_not_null())
    assert played["pass_yards"].null_count() == 0
    assert played.filter(pl.col("to") > figures.LAST_PLAYED).height == 0
    assert picks["car_av"].null_count() == picks.height


def test_a_few_namesakes_share_a_class(real_sized: dict[str, pl.DataFrame]) -> None:
    picks = real_sized["draft_picks"]
    shared = picks.group_by("season", "pfr_player_name").len().filter(pl.col("len") > 1)["len"].sum()
    assert 0.001 < shared / picks.height < 0.006


def test_names_exercise_what_real_names_do(real_sized: dict[str, pl.DataFrame]) -> None:
    seen = set(real_sized["draft_picks"]["pfr_player_name"])
    for part in ("é", "ö", "'", "-", " Jr.", " III", "St. "):
        assert any(part in name for name in seen), part
    assert all(name == name.strip() and "  " not in name and name_key(name) for name in seen)


def test_equal_numbers_are_equal_names_and_different_ones_differ() -> None:
    numbers = pl.Series(range(20_000), dtype=pl.Int64)
    assert names.full_names(numbers, 3).n_unique() >= 19_990
    assert names.full_names(numbers, 3).equals(names.full_names(numbers, 3))
    assert names.FIRST_NAMES.n_unique() == names.FIRST_NAMES.len()
    assert names.LAST_NAMES.n_unique() == names.LAST_NAMES.len()


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_written_files_read_back_equal(tmp_path: Path, file_format: generate.FileFormat) -> None:
    paths = generate.write(tmp_path / "made", 500, 3, file_format)
    assert "made-up" in (tmp_path / "made" / "SYNTHETIC").read_text()
    assert [path.name for path in paths] == [f"{dataset.file_stem}.{file_format}" for dataset in DATASETS.values()]
    for path, name in zip(paths, DATASETS, strict=True):
        frame = generate.generate_dataset(name, 500, 3)
        read = pl.read_csv(path, schema=frame.schema) if file_format == "csv" else pl.read_parquet(path)
        assert read.equals(frame)
