"""Who is who when the pieces of evidence disagree: slots, ids, spellings and bodies."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.integration.pipeline.conftest import Loader, Writer

Row = dict[str, object]
IDS = {"pfr_id": None, "cfb_id": None}
NO_SLOT = {"draft_year": None, "draft_team": None, "draft_round": None, "draft_ovr": None}
CONFLICT = (
    "select c.reason, c.state, p.name, o.name from identity_conflict c join person p using (person_id)"
    " join person o on o.person_id = c.other_person_id where $1 in (p.name, o.name)"
)


def _with(frame: pl.DataFrame, number: int, values: Row) -> pl.DataFrame:
    """The frame with other values in one row."""
    here = pl.int_range(pl.len()) == number
    return frame.with_columns(
        pl.when(here).then(pl.lit(value, dtype=frame.schema[name])).otherwise(name).alias(name) for name, value in values.items()
    )


def _entry(entries: pl.DataFrame, *conditions: pl.Expr) -> tuple[int, Row]:
    """Number and values of the first entry of 2010 that meets the conditions."""
    found = entries.with_row_index("number").filter(pl.col("season") == 2010, *conditions).row(0, named=True)
    return int(found.pop("number")), found


def test_a_slot_claim_that_the_rest_contradicts_links_nothing(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    entries = made_up["combine"]
    at, drafted = _entry(entries, pl.col("draft_ovr").is_not_null(), pl.col("pfr_id").is_not_null())
    claimant_at, claimant = _entry(entries, pl.col("draft_ovr").is_null(), pl.col("pfr_id").is_not_null(), pl.col("pos") != drafted["pos"])
    entries = _with(entries, at, dict(NO_SLOT))
    entries = _with(entries, claimant_at, {name: drafted[name] for name in NO_SLOT} | {"school": "Nowhere Tech"})
    load(folder(combine=entries), datasets=("draft_picks", "combine"))
    [(selected,)] = load.rows("select pfr_player_name from draft_pick where season = 2010 and pick = $1", drafted["draft_ovr"])
    linked = "select c.player_name from combine_entry c join draft_pick d using (person_id) where d.season = 2010 and d.pick = $1"
    assert load.rows(linked, drafted["draft_ovr"]) == [(drafted["player_name"],)]
    assert load.rows(CONFLICT, claimant["player_name"]) == [("slot_contradicted", "open", selected, claimant["player_name"])]


NAMES = {"Teo Marsh": "Theodore Marsh", "M.J. Marsh-Ford": "Marlon Ford Jr.", "Red Quist": "Khalil Quist"}


def test_entries_under_another_given_name(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    entries, picks = made_up["combine"], made_up["draft_picks"]
    for place, (selected, measured) in enumerate(NAMES.items()):
        drafted = entries.with_row_index("number").filter(pl.col("season") == 2010, pl.col("draft_ovr").is_not_null())
        at, pick = drafted.select("number", "draft_ovr").row(place)
        slot = picks.with_row_index("number").filter(pl.col("season") == 2010, pl.col("pick") == pick)["number"].item()
        nobody = dict.fromkeys(("pfr_player_id", "gsis_id", "cfb_player_id"))
        same = {"college": "Penn St.", "position": "TE", "pfr_player_name": selected}
        picks = _with(picks, slot, {**nobody, **same})
        entries = _with(entries, at, {**IDS, "player_name": measured, "school": "Penn State", "pos": "TE"})
    entries = entries.with_columns(pl.when(~pl.col("player_name").is_in(list(NAMES.values()))).then(name).alias(name) for name in NO_SLOT)
    files = folder(draft_picks=picks, combine=entries)
    linked = "select c.player_name from combine_entry c join draft_pick d using (person_id) where d.pfr_player_name = $1"
    load(files, datasets=("draft_picks", "combine"))
    assert load.rows(linked, "Teo Marsh") == [("Theodore Marsh",)]
    assert load.rows(linked, "M.J. Marsh-Ford") == [("Marlon Ford Jr.",)]
    assert load.rows(linked, "Red Quist") == []
    assert load.rows(CONFLICT, "Red Quist") == [("ambiguous_name", "open", "Red Quist", "Khalil Quist")]
    # nor does it matter which of the two comes first
    for table in ("draft_pick", "combine_entry", "person", "person_alias", "external_id", "identity_conflict", "dataset", "season_count"):
        load.rows(f"delete from {table}")
    load(files, datasets=("combine",))
    load(files, datasets=("draft_picks",))
    assert [load.rows(linked, name) for name in NAMES] == [[("Theodore Marsh",)], [("Marlon Ford Jr.",)], []]


@pytest.mark.real_data
def test_entries_of_the_real_files(real_dsn: str, real_exports: Path) -> None:
    real = Loader(real_dsn, real_exports)
    slots = (
        *(("2000", n) for n in (94, 129)), *(("2001", n) for n in (126, 128)), *(("2002", n) for n in (72, 74, 86, 132, 229)),
        *(("2003", n) for n in (123, 163, 190)), ("2005", 165), ("2007", 196), ("2007", 223), ("2011", 203), ("2012", 180), ("2015", 234),
        ("2016", 235), ("2018", 82), *(("2024", n) for n in (79, 128, 254)),
    )  # fmt: skip
    names = [f"{season}/{pick}" for season, pick in slots]
    chosen = "from draft_pick d where concat_ws('/', d.season, d.pick) = any($1)"
    linked = real.value(f"select count(*) {chosen} and exists (select from combine_entry c where c.person_id = d.person_id)", names)
    doubtful = real.value(
        f"select count(*) {chosen} and exists (select from identity_conflict c where c.reason = 'ambiguous_name'"
        " and d.person_id = c.person_id) and not exists (select from combine_entry c where c.person_id = d.person_id)",
        names,
    )
    assert (linked, doubtful) == (19, 4)
    # two visits of one name, college and slug, eleven inches apart
    visits = "select season, ht, exists (select from draft_pick d where d.person_id = c.person_id) from combine_entry c"
    assert real.rows(f"{visits} where player_name = 'Jarrett Patterson' order by 1") == [(2021, "5-6", False), (2023, "6-5", True)]
    assert real.rows(CONFLICT, "Jarrett Patterson") == [("other_build", "open", "Jarrett Patterson", "Jarrett Patterson")]


def test_a_conflict_that_no_longer_holds_is_settled_and_may_open_again(
    load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]
) -> None:
    entries = made_up["combine"]
    _, owner = _entry(entries, pl.col("draft_ovr").is_not_null(), pl.col("pfr_id").is_not_null())
    claimant_at, claimant = _entry(entries, pl.col("draft_ovr").is_null(), pl.col("pos") != owner["pos"])
    wrong = folder(combine=_with(entries, claimant_at, {"pfr_id": owner["pfr_id"], "school": "Nowhere Tech"}))
    right = folder("right")
    state = "select state, settled_run_id is null from identity_conflict where id_type = 'pfr' and value = $1"
    load(wrong, datasets=("draft_picks", "combine"))
    assert load.rows(state, owner["pfr_id"]) == [("open", True)]
    load(right, datasets=("combine",))
    assert load.rows(state, owner["pfr_id"]) == [("open", False)]
    load(wrong, datasets=("combine",))
    assert load.rows(state, owner["pfr_id"]) == [("open", True)]
    assert load.value("select count(*) from combine_entry where player_name = $1", claimant["player_name"]) == 1


def test_a_former_id_leads_to_the_person_of_today(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    """The entry is a stranger's until the source says which pick he was."""
    entries = made_up["combine"]
    at, entry = _entry(entries, pl.col("draft_ovr").is_not_null(), pl.col("pfr_id").is_not_null())
    unknown = _with(entries, at, {**NO_SLOT, **IDS, "school": "Nowhere Tech", "pos": "K"})
    load(folder(combine=unknown), datasets=("draft_picks", "combine"))
    [(stranger,)] = load.rows("select person_id from combine_entry where season = 2010 and player_name = $1", entry["player_name"])
    load(folder("known"), datasets=("combine",))
    [(selected,)] = load.rows("select person_id from combine_entry where season = 2010 and player_name = $1", entry["player_name"])
    assert stranger != selected
    assert load.rows("select former_id, successor_id from former_person") == [(stranger, selected)]
