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
    # null from now on means: filled by a release that does not write names
    definition = sa.Column(
        "definition", sa.Integer(), nullable=True, comment="of app.datasets.read_models; null when a release that has none filled it"
    )
    op.add_column("read_model", definition)
    op.add_column("prospect_row", sa.Column("name", sa.Text(), nullable=True))
    op.create_index("ix_prospect_row_groups", "prospect_row", ["season", "round", "position", "franchise_id"], postgresql_include=["w_av"])
    op.create_index("ix_prospect_row_forty", "prospect_row", ["position", "forty"], postgresql_include=["name"])


def downgrade() -> None:
    op.drop_index("ix_prospect_row_forty", table_name="prospect_row")
    op.drop_index("ix_prospect_row_groups", table_name="prospect_row")
    op.drop_column("prospect_row", "name")
    op.drop_column("read_model", "definition")
