"""What the API's lists have to contain, computed with polars from the raw files alone.

Nothing here uses the product's statements, declarations or reference tables: definitions are written out again. The API provides only what
the files cannot tell:

- a person's id, which is a number of ours; where two entries name one selection, it also decides whose it is, and so it does for an entry
  of the last combine that has neither a slot nor a known id (``doubtful`` counts both);
- which college a spelling means.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.api.conftest import Api

DRILLS = ("height_in", "wt", "forty", "bench", "vertical", "broad_jump", "cone", "shuttle")
OUTCOMES = (
    *("hof", "to", "allpro", "probowls", "seasons_started", "w_av", "car_av", "dr_av", "games", "pass_completions", "pass_attempts"),
    *("pass_yards", "pass_tds", "pass_ints", "rush_atts", "rush_yards", "rush_tds", "receptions", "rec_yards", "rec_tds"),
    *("def_solo_tackles", "def_ints", "def_sacks"),
)
#: Group, then role, then the codes of the role.
POSITIONS = {
    "QB": {"QB": "QB"},
    "RB": {"RB": "RB", "FB": "FB"},
    "WR": {"WR": "WR"},
    "TE": {"TE": "TE"},
    "OL": {"OT": "T OT", "OG": "G OG", "C": "C", "OL": "OL"},
    "DL": {"DE": "DE", "EDGE": "EDGE", "DT": "DT", "NT": "NT", "DL": "DL"},
    "LB": {"LB": "LB", "ILB": "ILB", "OLB": "OLB"},
    "DB": {"CB": "CB CB/WR", "S": "S SAF FS SS", "DB": "DB"},
    "ST": {"K": "K", "P": "P", "LS": "LS", "KR": "KR"},
}
ROLES = {code: role for roles in POSITIONS.values() for role, codes in roles.items() for code in codes.split()}
GROUPS = {code: group for group, roles in POSITIONS.items() for code in " ".join(roles.values()).split()}
SIDES = {code: "S" if group == "ST" else "D" if group in ("DL", "LB", "DB") else "O" for code, group in GROUPS.items()}
#: Codes of the file that are not those of today, or not in every season.
TEAMS = {"GNB": "GB", "KAN": "KC", "NWE": "NE", "NOR": "NO", "SFO": "SF", "TAM": "TB", "SDG": "LAC", "LVR": "LV", "OAK": "LV"}
TEAMS |= {"RAI": "LV", "RAM": "LAR", "PHO": "ARI"}
MOVED = {("BAL", 1983): "IND", ("STL", 1987): "ARI", ("STL", 2015): "LAR", ("HOU", 1996): "TEN"}
"""The franchise that a code meant until a season."""


def franchise() -> pl.Expr:
    """Return the franchise of today that a code of a season means."""
    result = pl.col("team").replace(TEAMS)
    for (code, last), meant in reversed(MOVED.items()):
        result = pl.when((pl.col("team") == code) & (pl.col("season") <= last)).then(pl.lit(meant)).otherwise(result)
    return result


def positions(column: str) -> dict[str, pl.Expr]:
    """Return role, group and side of a code."""
    names = {"position_leaf": ROLES, "position_group": GROUPS, "position_side": SIDES}
    return {name: pl.col(column).replace_strict(meaning, default=None) for name, meaning in names.items()}


def listed(api: Api, path: str, *fields: str) -> pl.DataFrame:
    """Return fields of every row of a list."""
    content = api.v1(path, format="csv", fields=",".join(fields)).content
    return pl.read_csv(BytesIO(content), infer_schema_length=None).cast({"person_id": pl.Int64})


class RawFiles:
    """A table per list, with the columns that the API documents; ``doubtful`` is how many entries have their person from the API."""

    def __init__(self, folder: Path, api: Api) -> None:
        [picks_file] = (folder / "nflverse").glob("draft_picks_*.parquet")
        [combine_file] = (folder / "nflverse").glob("combine_*.parquet")
        ours = listed(api, "draft-picks", "season", "pick", "person_id", "college", "college_slug")
        visit = ("season", "player_name", "pos", "school")
        ours_measured = listed(api, "combine", *visit, "person_id", "college_slug").with_columns(pl.col("season").cast(pl.Int32))
        slugs = pl.concat([ours.select("college", "college_slug"), ours_measured.select(college="school", college_slug="college_slug")])
        slugs = slugs.drop_nulls("college").unique()
        assert slugs["college"].is_unique().all()
        whole = [pl.col(name).cast(pl.Int32) for name in ("season", "pick")]
        self._picks = (
            pl.read_parquet(picks_file)
            .with_columns(pl.col("college").replace("", None))
            .join(ours.select(*whole, "person_id"), on=["season", "pick"], how="left", validate="1:1")
            .join(slugs, on="college", how="left")
            .with_columns(franchise().alias("franchise"), pl.col("car_av").cast(pl.Float64), **positions("position"))
            .with_columns(name="pfr_player_name", decade=pl.col("season") // 10 * 10)
        )
        feet = pl.col("ht").str.split("-").list
        entries = (
            pl.read_parquet(combine_file)
            .join(ours_measured.drop("college_slug"), on=visit, how="left", validate="1:1", nulls_equal=True)
            .join(slugs, left_on="school", right_on="college", how="left")
            .with_columns(pl.col("draft_year", "draft_ovr").cast(pl.Int32), **positions("pos"))
            .with_columns(height_in=feet.get(0).cast(pl.Int64) * 12 + feet.get(1).cast(pl.Int64), name="player_name")
            .with_columns(decade=pl.col("season") // 10 * 10)
        )
        self._entries = self._with_people(entries).sort(visit)
        self.tables = {"draft-picks": self._picks.sort("season", "pick"), "combine": self._entries, "prospects": self._prospects()}

    def _with_people(self, entries: pl.DataFrame) -> pl.DataFrame:
        """Link the entries by slot, or else by the ids of their own draft; ``person_id`` becomes that of the selection."""
        picks = self._picks
        by_slot = picks.select(draft_year="season", draft_ovr="pick", by_slot="person_id")
        slot = ("draft_year", "draft_ovr")
        linked = entries.join(by_slot, on=slot, how="left")
        for entry_id, pick_id in (("pfr_id", "pfr_player_id"), ("cfb_id", "cfb_player_id")):
            found = picks.drop_nulls(pick_id).unique([pick_id, "season"], keep="none")
            found = found.select("season", pl.col(pick_id).alias(entry_id), pl.col("person_id").alias(f"by_{entry_id}"))
            linked = linked.join(found, on=["season", entry_id], how="left")
        claimed_twice = pl.col("draft_ovr").is_not_null() & pl.struct(slot).is_duplicated()
        link = pl.coalesce("by_slot", "by_pfr_id", "by_cfb_id")
        linked = linked.with_columns(link=pl.when(~claimed_twice).then(link))
        known = picks["person_id"].unique().implode()
        self.doubtful = linked.filter(claimed_twice | (pl.col("link").is_null() & pl.col("person_id").is_in(known))).height
        chosen = picks.unique("person_id", keep="last", maintain_order=True).select("person_id", "franchise")
        return (
            linked.with_columns(person_id=pl.coalesce("link", "person_id"))
            .with_columns(drafted=pl.col("person_id").is_in(known))
            .drop("link", "by_slot", "by_pfr_id", "by_cfb_id")
            .join(chosen, on="person_id", how="left")
        )

    def _prospects(self) -> pl.DataFrame:
        """Join each selection with the last visit of its person up to that year; other visits have rows of their own."""
        measured = ("ht", *DRILLS)
        entry = self._entries.select(
            *("person_id", *measured),
            visit="season",
            entry_name="player_name",
            entry_pfr="pfr_id",
            entry_cfb="cfb_id",
            entry_pos="pos",
            entry_school="school",
            entry_slug="college_slug",
            number=pl.int_range(pl.len()),
        )
        own = ("season", "person_id", "round", "pick", "team", "gsis_id", "franchise", "age", "position", "college", "college_slug")
        pick = self._picks.select(
            *own, *OUTCOMES, pick_name="pfr_player_name", pick_pfr="pfr_player_id", pick_cfb="cfb_player_id", picked=pl.lit(value=True)
        )
        pairs = (
            pick.select("person_id", "season", "pick")
            .join(entry.select("person_id", "visit", "number"), on="person_id")
            .filter(pl.col("visit") <= pl.col("season"))
            .sort("season")
            .unique("number", keep="first", maintain_order=True)
            .sort("visit")
            .unique(["season", "pick"], keep="last", maintain_order=True)
        )
        of_picks = pick.join(pairs.select("season", "pick", "number"), on=["season", "pick"], how="left")
        of_picks = of_picks.join(entry.drop("person_id"), on="number", how="left")
        others = entry.join(pairs.select("number"), on="number", how="anti").with_columns(season="visit")
        known = pick["person_id"].unique().implode()
        rows = pl.concat([of_picks, others], how="diagonal_relaxed").with_columns(
            drafted=pl.col("person_id").is_in(known),
            measured=pl.col("number").is_not_null(),
            name=pl.coalesce("pick_name", "entry_name"),
            pfr_id=pl.coalesce("pick_pfr", "entry_pfr"),
            cfb_id=pl.coalesce("pick_cfb", "entry_cfb"),
            draft_position="position",
            position=pl.coalesce("entry_pos", "position"),
            college=pl.coalesce("college", "entry_school"),
            college_slug=pl.coalesce("college_slug", "entry_slug"),
            decade=pl.col("season") // 10 * 10,
        )
        codes = (pl.col("position"), pl.col("draft_position"))
        rusher = pl.when((pl.col("games") >= 16) & pl.col("def_sacks").is_not_null()).then(pl.col("def_sacks") / pl.col("games") >= 0.25)
        absent = [pl.when(pl.col(name).is_null()).then(pl.lit(name)) for name in DRILLS if name != "bench"]
        lacking = pl.concat_str(absent, separator=", ", ignore_nulls=True)
        return rows.select(
            *("season", "person_id", "name", "drafted", "measured", "round", "pick", "team", "franchise", "pfr_id", "gsis_id", "cfb_id"),
            *("position", "draft_position", "college", "college_slug", "age", *OUTCOMES, *measured, "decade"),
            **positions("position"),
            nflverse_team=pl.col("franchise").replace("LAR", "LA"),
            speed_score=(200 * pl.col("wt") / pl.col("forty") ** 4).round(2),
            burst_score=(pl.col("vertical") + pl.col("broad_jump")).round(2),
            bmi=(703 * pl.col("wt") / pl.col("height_in").cast(pl.Float64) ** 2).round(2, "half_away_from_zero"),
            agility_sum=(pl.col("cone") + pl.col("shuttle")).round(2),
            missing=pl.when("measured").then(pl.when(lacking != "").then(lacking)).otherwise(pl.lit("no combine entry")),
            edge=pl.when(pl.any_horizontal(code.is_in(["DE", "EDGE"]).fill_null(value=False) for code in codes))
            .then(statement=True)
            .when(~pl.any_horizontal((code == "OLB").fill_null(value=False) for code in codes))
            .then(statement=False)
            .otherwise(rusher),
        ).sort("season", "person_id")
