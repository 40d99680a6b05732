"""Index of the groups of draft picks.

Revision ID: 2026_11_30_draft_pick_groups
Revises: 2026_11_30_prospect_rows
"""

from __future__ import annotations

from alembic import op

revision = "2026_11_30_draft_pick_groups"
down_revision: str | None = "2026_11_30_prospect_rows"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_index("ix_draft_pick_groups", "draft_pick", ["season", "round", "position", "franchise_id"], postgresql_include=["w_av"])


def downgrade() -> None:
    op.drop_index("ix_draft_pick_groups", table_name="draft_pick")
