"""Columns and bounds of the draft picks file."""

from __future__ import annotations

from app.db.tables import OUTCOME_INTEGERS
from pipeline.sources.schema import ColumnSpec, SourceSchema

DRAFT_PICKS = SourceSchema(
    dataset="draft_picks",
    file_stem="draft_picks",
    release_path="draft_picks/draft_picks",
    columns=(
        ColumnSpec("season", "integer", required=True, low=1936, high=2100),
        ColumnSpec("round", "integer", required=True, low=1, high=12),
        ColumnSpec("pick", "integer", required=True, low=1),
        ColumnSpec("team", "text", required=True),
        ColumnSpec("gsis_id", "text"),
        ColumnSpec("pfr_player_id", "text"),
        ColumnSpec("cfb_player_id", "text"),
        ColumnSpec("pfr_player_name", "text", required=True),
        ColumnSpec("hof", "boolean", required=True),
        ColumnSpec("position", "text", required=True),
        ColumnSpec("category", "text"),
        ColumnSpec("side", "text"),
        ColumnSpec("college", "text"),
        ColumnSpec("age", "integer", low=17, high=40),
        *(ColumnSpec(name, "integer") for name in OUTCOME_INTEGERS),
        ColumnSpec("def_sacks", "decimal", low=0, high=300),
    ),
    min_rows=12_000,
    first_season=1980,
    last_season_at_least=2024,
    max_rows_per_season=400,
    shrink_warns=0.0,
    shrink_fails=0.0,
    growth_fails=0.05,
    stable_columns=("round", "team", "pfr_player_name", "pfr_player_id", "gsis_id", "position", "college", "age"),
    telling_columns=("season", "pick"),
)
