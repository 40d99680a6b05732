"""What people decide about who is who takes effect at once, survives every load, and is itself history."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
import polars as pl
import pytest

from app.datasets import DATASETS as DATA_SETS
from app.errors import DraftQueenError
from pipeline import decisions
from pipeline.decisions import Act
from pipeline.steps.decisions import record_names
from pipeline.steps.refresh import remove_synthetic
from tests.integration.pipeline.conftest import Loader, Writer

T = TypeVar("T")
ACT = Act("seen on film", "ana")
DATASETS = ("draft_picks", "combine")


def _decide(load: Loader, action: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
    async def run() -> T:
        async with decisions.deciding(load.dsn, load.exports) as connection:
            return await action(connection)

    return asyncio.run(run())


@pytest.fixture
def strangers(made_up: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """A league in which the first entry of 2010 with a slot has lost everything by which its selection would be known."""
    entries = made_up["combine"].with_row_index("number")
    lost = entries.filter(pl.col("season") == 2010, pl.col("draft_ovr").is_not_null(), pl.col("pfr_id").is_not_null())["number"][0]
    values: dict[str, str | None] = dict.fromkeys(("draft_year", "draft_team", "draft_round", "draft_ovr", "pfr_id", "cfb_id"))
    values |= {"player_name": "Odd Stranger", "school": "Nowhere Tech"}
    changed = [
        pl.when(pl.col("number") == lost).then(pl.lit(value, dtype=entries.schema[name])).otherwise(name).alias(name)
        for name, value in values.items()
    ]
    slot = entries.filter(pl.col("number") == lost).select("season", "draft_ovr").row(0)
    return {"combine": entries.with_columns(changed).drop("number"), "slot": pl.DataFrame([slot], schema=["season", "pick"], orient="row")}


def _people(load: Loader, slot: pl.DataFrame) -> tuple[int, int]:
    """The selected person and the stranger."""
    [(selected,)] = load.rows("select person_id from draft_pick where (season, pick) = ($1, $2)", *slot.row(0))
    [(stranger,)] = load.rows("select person_id from combine_entry where player_name = 'Odd Stranger'")
    return int(str(selected)), int(str(stranger))


def _empty(load: Loader) -> None:
    """Delete everything but the decisions."""
    for table in (*("draft_pick", "combine_entry", "person", "person_alias", "external_id"), *("dataset", "season_count", "field_count")):
        load.rows(f"delete from {table}")


def test_a_merge_survives_every_load_and_a_split_undoes_it(load: Loader, folder: Writer, strangers: dict[str, pl.DataFrame]) -> None:
    slot, entries = strangers["slot"], strangers["combine"]
    files = folder(combine=entries)
    load(files, datasets=DATASETS)
    selected, stranger = _people(load, slot)
    assert selected != stranger
    _decide(load, lambda connection: decisions.merge(connection, selected, stranger, ACT))
    merged = (selected, selected)
    assert _people(load, slot) == merged
    assert load.rows("select successor_id from former_person where former_id = $1", stranger) == [(selected,)]
    assert load.rows("select name from person_alias where person_id = $1", selected) == [("Odd Stranger",)]
    version = load.value("select version from dataset where dataset = 'combine'")
    exported = pl.read_parquet(load.exports / f"combine-v{version}.parquet").filter(pl.col("player_name") == "Odd Stranger")
    assert (version, exported["person_id"].to_list()) == (2, [selected])
    ids = pl.read_parquet(load.exports / "person_ids-v2.parquet")
    assert ids.filter(pl.col("former_ids").is_not_null()).select("person_id", "former_ids").rows() == [(selected, str(stranger))]
    prospects = pl.read_parquet(load.exports / "prospects-v2.parquet").filter(pl.col("person_id") == selected)
    assert prospects.select("drafted", "measured").rows() == [(True, True)], "both records are in one row now"
    # the same rows, every row changed, the row gone, and back again
    assert {report.state for report in load(files, datasets=DATASETS).values()} == {"unchanged"}
    load(folder("better", combine=entries.with_columns(pl.col("bench") + 1)), datasets=DATASETS)
    assert _people(load, slot) == merged
    load(folder("without", combine=entries.filter(pl.col("player_name") != "Odd Stranger")), datasets=DATASETS)
    assert load.rows("select name from person where person_id = $1", stranger) == []
    load(files, datasets=DATASETS)
    assert _people(load, slot) == merged
    # nothing is left but the decision
    _empty(load)
    load(files, datasets=DATASETS)
    again, same = _people(load, slot)
    assert again == same

    _, other = _decide(load, lambda connection: decisions.split(connection, again, ["combine/2010"], ACT))
    assert _people(load, slot) == (again, other)
    assert load.rows("select name from person where person_id = $1", other) == [("Odd Stranger",)]
    assert load.rows("select kind, reason, decided_by, revoked_by from identity_decision order by decision_id") == [
        ("merge", "seen on film", "ana", 2),
        ("split", "seen on film", "ana", None),
    ]


def test_two_people_whom_the_evidence_makes_one_stay_apart(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    files = folder()
    load(files, datasets=DATASETS)
    [(person, season, pfr_id)] = load.rows(
        "select person_id, c.season, c.pfr_id from combine_entry c join draft_pick d using (person_id) where c.pfr_id is not null limit 1"
    )
    name = str(load.value("select player_name from combine_entry where person_id = $1", person))
    _, other = _decide(load, lambda connection: decisions.split(connection, int(str(person)), [f"combine/{season}"], ACT))
    entry = "select person_id from combine_entry where player_name = $1 and season = $2"
    assert load.rows(entry, name, season) == [(other,)]
    # the shared id stays with the one who was kept
    assert load.rows("select person_id from external_id where value = $1", pfr_id) == [(person,)]
    entries = made_up["combine"]
    is_it = (pl.col("player_name") == name) & (pl.col("season") == season)
    load(folder("without", combine=entries.filter(~is_it)), datasets=DATASETS)
    load(files, datasets=DATASETS)
    [(back,)] = load.rows(entry, name, season)
    assert back != person
    assert load.rows("select person_id from external_id where value = $1", pfr_id) == [(person,)]
    assert load.value("select count(*) from identity_conflict where state = 'open' and person_id = $1", person) == 0
    # undone: they are one again, under the id that was kept
    _decide(load, lambda connection: decisions.merge(connection, int(str(person)), int(str(back)), ACT))
    assert load.rows(entry, name, season) == [(person,)]
    assert load.rows("select kind, revoked_by from identity_decision order by decision_id") == [("split", 2), ("merge", None)]


def test_a_resolved_conflict_stays_resolved(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    entries = made_up["combine"].with_row_index("number")
    drafted = entries.filter(pl.col("season") == 2010, pl.col("draft_ovr").is_not_null(), pl.col("pfr_id").is_not_null()).row(0, named=True)
    claimant = entries.filter(pl.col("season") == 2010, pl.col("draft_ovr").is_null(), pl.col("pos") != drafted["pos"])["number"][0]
    wrong = entries.with_columns(
        pl.when(pl.col("number") == claimant).then(pl.lit(drafted["pfr_id"])).otherwise("pfr_id").alias("pfr_id")
    ).drop("number")
    files = folder(combine=wrong)
    load(files, datasets=DATASETS)
    [(conflict, kept, other)] = load.rows("select conflict_id, person_id, other_person_id from identity_conflict where id_type = 'pfr'")
    number = int(str(conflict))
    _decide(load, lambda connection: decisions.resolve(connection, number, ACT, same=False))
    state = "select state from identity_conflict where id_type = 'pfr'"
    assert load.rows(state) == [("different_people",)]
    load(folder("without", combine=wrong.filter(pl.int_range(pl.len()) != claimant)), datasets=DATASETS)
    assert load.rows(state) == []
    load(files, datasets=DATASETS)
    assert load.rows(state) == [("different_people",)]
    # both were at the combine of one spring
    number = int(str(load.value("select conflict_id from identity_conflict where id_type = 'pfr'")))
    with pytest.raises(DraftQueenError, match="cannot be one person: both have a record in combine/2010"):
        _decide(load, lambda connection: decisions.resolve(connection, number, ACT, same=True))
    assert kept != other


PEOPLE = "select person_id from combine_entry where pfr_id = $1 union all select person_id from draft_pick where pfr_player_id = $1"


@pytest.fixture
def visits(made_up: dict[str, pl.DataFrame]) -> tuple[pl.DataFrame, str]:
    """Combine entries of which the selected person with this id has a second one, in the next spring."""
    entries = made_up["combine"]
    visit = entries.filter(pl.col("season") == 2010, pl.col("draft_ovr").is_not_null(), pl.col("pfr_id").is_not_null()).head(1)
    lost = [pl.lit(None, dtype=visit.schema[column]).alias(column) for column in ("draft_year", "draft_team", "draft_round", "draft_ovr")]
    again = visit.with_columns(pl.lit(2011, dtype=visit.schema["season"]).alias("season"), *lost)
    return pl.concat([entries, again]), str(visit["pfr_id"][0])


def _split(load: Loader, person: int, *labels: str) -> tuple[int, int]:
    return _decide(load, lambda connection: decisions.split(connection, person, labels, ACT))


def test_splits_of_one_person_hold_together_and_in_an_empty_database(
    load: Loader, folder: Writer, visits: tuple[pl.DataFrame, str]
) -> None:
    entries, pfr_id = visits
    files = folder(combine=entries)
    load(files, datasets=DATASETS)
    person = int(str(load.value(f"select distinct person_id from ({PEOPLE}) p", pfr_id)))
    for label in ("combine/2010", "combine/2011"):
        _split(load, person, label)
    assert len(set(load.rows(PEOPLE, pfr_id))) == 3
    _empty(load)
    load(files, datasets=DATASETS)
    assert len(set(load.rows(PEOPLE, pfr_id))) == 3
    assert load.rows("select revoked_by from identity_decision") == [(None,), (None,)]


def test_two_rows_of_one_file_do_not_get_the_same_new_selection(load: Loader, folder: Writer, visits: tuple[pl.DataFrame, str]) -> None:
    """The decision was taken before the selection was known, which both rows claim."""
    entries, pfr_id = visits
    files = folder(combine=entries)
    load(files, datasets=("combine",))
    person = int(str(load.value("select distinct person_id from combine_entry where pfr_id = $1", pfr_id)))
    _split(load, person, "combine/2011")
    _empty(load)
    load(files, datasets=DATASETS)
    assert len(set(load.rows(PEOPLE, pfr_id))) == 2
    assert len(set(load.rows("select person_id from combine_entry where pfr_id = $1", pfr_id))) == 2


def test_a_decision_knows_a_corrected_entry_and_misses_one_that_is_gone(
    load: Loader, folder: Writer, visits: tuple[pl.DataFrame, str]
) -> None:
    entries, pfr_id = visits
    load(folder(combine=entries), datasets=DATASETS)
    person = int(str(load.value(f"select distinct person_id from ({PEOPLE}) p", pfr_id)))
    _split(load, person, "combine/2010")
    here = pl.col("pfr_id").eq_missing(pfr_id) & (pl.col("season") == 2010)
    position = pl.when(here).then(pl.when(pl.col("pos") == "QB").then(pl.lit("TE")).otherwise(pl.lit("QB"))).otherwise("pos")
    corrected = folder("corrected", combine=entries.with_columns(position.alias("pos")))
    load(corrected, datasets=DATASETS)
    assert len(set(load.rows(PEOPLE, pfr_id))) == 2
    _empty(load)
    load(corrected, datasets=DATASETS)
    assert len(set(load.rows(PEOPLE, pfr_id))) == 2
    issues = "select message from quality_issue where rule = 'decided_record_missing'"
    assert load.rows(issues) == []
    load(folder("without", combine=entries.filter(~here)), datasets=DATASETS)
    record = load.value("select record from identity_record where dataset = 'combine' and is_other")
    assert load.rows(issues) == [(f"Decision 1: the record {record} is not in the file.",)]


def test_a_player_keeps_the_name_when_the_league_issues_an_id() -> None:
    ids = pl.DataFrame({"gsis_id": ["ABC123456", "00-0012345"], "esb_id": ["ABC123456", "ABC123456"]})
    assert record_names(DATA_SETS["players"], ids).to_list() == ["ABC123456", "ABC123456"]


def test_a_split_after_a_resolved_conflict_and_another_league(load: Loader, folder: Writer, strangers: dict[str, pl.DataFrame]) -> None:
    """The two are different people from then on, each with a college of its own records; a database without the league forgets them."""
    load(folder(combine=strangers["combine"]), datasets=DATASETS)
    selected, stranger = _people(load, strangers["slot"])
    values = "values ('shared_id', 'pfr', 'x', $1, $2, 1) returning conflict_id"
    columns = "(reason, id_type, value, person_id, other_person_id, run_id)"
    load.rows("update combine_entry set college_id = null where player_name = 'Odd Stranger'")
    number = int(str(load.value(f"insert into identity_conflict {columns} {values}", selected, stranger)))
    _decide(load, lambda connection: decisions.resolve(connection, number, ACT, same=True))
    with pytest.raises(DraftQueenError, match="The two have been merged"):
        _decide(load, lambda connection: decisions.resolve(connection, number, ACT, same=False))
    _, other = _split(load, selected, "combine/2010")
    assert load.rows("select state from identity_conflict where conflict_id = $1", number) == [("different_people",)]
    assert load.rows("select name, college_id from person where person_id = $1", other) == [("Odd Stranger", None)]
    _decide(load, remove_synthetic)
    for table in ("identity_decision", "identity_record", "former_person"):
        assert load.value(f"select count(*) from {table}") == 0, table
