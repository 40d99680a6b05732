"""Indexes that hold the measures that aggregates read most.

Revision ID: 2026_11_30_measure_indexes
Revises: 2026_11_30_prospect_groups
"""

from __future__ import annotations

from alembic import op

revision = "2026_11_30_measure_indexes"
down_revision: str | None = "2026_11_30_prospect_groups"
branch_labels: str | None = None
depends_on: str | None = None

GROUPS = ["season", "round", "position", "franchise_id"]
MEASURES = ["w_av", "height_in", "wt", "forty", "bench", "vertical", "broad_jump", "cone", "shuttle"]


def upgrade() -> None:
    op.drop_index("ix_draft_pick_groups", table_name="draft_pick")
    op.create_index("ix_draft_pick_groups", "draft_pick", GROUPS, postgresql_include=["w_av", "age", "pfr_player_name"])
    op.drop_index("ix_prospect_row_groups", table_name="prospect_row")
    op.create_index("ix_prospect_row_groups", "prospect_row", ["season", "round", "position", "w_av"])
    included = ["season", "round", "franchise_id", *MEASURES]
    op.create_index("ix_prospect_row_measures", "prospect_row", ["position"], postgresql_include=included)


def downgrade() -> None:
    op.drop_index("ix_prospect_row_measures", table_name="prospect_row")
    op.drop_index("ix_prospect_row_groups", table_name="prospect_row")
    op.create_index("ix_prospect_row_groups", "prospect_row", GROUPS, postgresql_include=["w_av"])
    op.drop_index("ix_draft_pick_groups", table_name="draft_pick")
    op.create_index("ix_draft_pick_groups", "draft_pick", GROUPS, postgresql_include=["w_av"])
