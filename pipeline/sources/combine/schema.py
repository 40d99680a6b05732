"""Columns and bounds of the combine file. Times are in seconds, lengths in inches, weights in pounds."""

from __future__ import annotations

from pipeline.sources.schema import ColumnSpec, SourceSchema

#: Height is text (``6-2``) in the source; these bounds apply to the inches made of it.
HEIGHT_LOW, HEIGHT_HIGH = 60, 84

COMBINE = SourceSchema(
    dataset="combine",
    file_stem="combine",
    release_path="combine/combine",
    columns=(
        ColumnSpec("season", "integer", required=True, low=1980, high=2100),
        ColumnSpec("draft_year", "integer", low=1980, high=2100),
        ColumnSpec("draft_team", "text"),
        ColumnSpec("draft_round", "integer", low=1, high=12),
        ColumnSpec("draft_ovr", "integer", low=1),
        ColumnSpec("pfr_id", "text"),
        ColumnSpec("cfb_id", "text"),
        ColumnSpec("player_name", "text", required=True),
        ColumnSpec("pos", "text", required=True),
        ColumnSpec("school", "text"),
        ColumnSpec("ht", "text"),
        ColumnSpec("wt", "integer", low=130, high=420),
        ColumnSpec("forty", "decimal", low=4.0, high=6.5),
        ColumnSpec("bench", "integer", low=0, high=60),
        ColumnSpec("vertical", "decimal", low=12, high=50),
        ColumnSpec("broad_jump", "integer", low=60, high=155),
        ColumnSpec("cone", "decimal", low=6, high=10),
        ColumnSpec("shuttle", "decimal", low=3.4, high=6),
    ),
    min_rows=8_000,
    first_season=2000,
    last_season_at_least=2024,
    max_rows_per_season=700,
    shrink_warns=0.01,
    shrink_fails=0.05,
    growth_fails=0.10,
    stable_columns=("player_name", "pos", "school", "ht", "wt", "pfr_id", "draft_ovr"),
    telling_columns=("season", "player_name", "wt"),
)
