"""Read model of how often each value occurs, in place of indexes for the same requests.

Revision ID: 2026_11_30_value_counts
Revises: 2026_11_30_measure_indexes
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "2026_11_30_value_counts"
down_revision: str | None = "2026_11_30_measure_indexes"
branch_labels: str | None = None
depends_on: str | None = None

GROUPS = ["season", "round", "position", "franchise_id"]


def upgrade() -> None:
    op.create_table(
        "value_count",
        sa.Column("dataset", sa.Text(), nullable=False, comment="name of the data set, or prospects"),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("counted_by", sa.Text(), nullable=False, comment="position or round: the other is null"),
        sa.Column("position", sa.Text(), nullable=True),
        sa.Column("round", sa.Integer(), nullable=True),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=True, comment="of these rows, in the alphabet"),
        comment="how often each value occurs, for aggregates of all rows",
    )
    # plans depend on the other columns, and these take most of the time to analyse
    for column in ("value", "row_count", "first_name"):
        op.execute(f"alter table value_count alter column {column} set statistics 0")
    op.create_index(
        "ix_value_count_field",
        "value_count",
        ["dataset", "field", "counted_by"],
        postgresql_using="brin",
        postgresql_with={"pages_per_range": 8},
    )
    op.drop_index("ix_prospect_row_forty", table_name="prospect_row")
    op.drop_index("ix_draft_pick_groups", table_name="draft_pick")
    op.create_index("ix_draft_pick_groups", "draft_pick", GROUPS, postgresql_include=["w_av", "age"])


def downgrade() -> None:
    op.drop_index("ix_draft_pick_groups", table_name="draft_pick")
    op.create_index("ix_draft_pick_groups", "draft_pick", GROUPS, postgresql_include=["w_av", "age", "pfr_player_name"])
    op.create_index("ix_prospect_row_forty", "prospect_row", ["position", "forty"], postgresql_include=["name"])
    op.drop_table("value_count")
    op.execute("delete from read_model where model = 'value_count'")
