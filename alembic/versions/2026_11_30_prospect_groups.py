"""Names of prospects in their read model, and indexes of what is asked of it most.

Revision ID: 2026_11_30_prospect_groups
Revises: 2026_11_30_entry_scores
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "2026_11_30_prospect_groups"
down_revision: str | None = "2026_11_30_entry_scores"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("delete from read_model where model = 'prospect_row'")  # its rows have no names: the next run fills it again
    op.add_column("prospect_row", sa.Column("name", sa.Text(), nullable=True))
    op.create_index("ix_prospect_row_groups", "prospect_row", ["season", "round", "position", "franchise_id"], postgresql_include=["w_av"])
    op.create_index("ix_prospect_row_forty", "prospect_row", ["position", "forty"], postgresql_include=["name"])


def downgrade() -> None:
    op.drop_index("ix_prospect_row_forty", table_name="prospect_row")
    op.drop_index("ix_prospect_row_groups", table_name="prospect_row")
    op.drop_column("prospect_row", "name")
