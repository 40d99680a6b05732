"""Read model of sums, in place of the indexes for the same requests.

Revision ID: 2026_12_01_group_sums
Revises: 2026_11_30_value_counts
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "2026_12_01_group_sums"
down_revision: str | None = "2026_11_30_value_counts"
branch_labels: str | None = None
depends_on: str | None = None

DECLARED = (("group_sum", "franchise_id", "franchise", "franchise_id"),)
MEASURES = ["w_av", "height_in", "wt", "forty", "bench", "vertical", "broad_jump", "cone", "shuttle"]


def upgrade() -> None:
    op.create_table(
        "group_sum",
        sa.Column("dataset", sa.Text(), nullable=False, comment="name of the data set, or prospects"),
        sa.Column("summed_by", sa.Text(), nullable=False, comment="the columns that have values here: the others are null"),
        sa.Column("season", sa.Integer(), nullable=True),
        sa.Column("round", sa.Integer(), nullable=True),
        sa.Column("position", sa.Text(), nullable=True),
        sa.Column("franchise_id", sa.SmallInteger(), nullable=True),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("numbers", postgresql.ARRAY(sa.Float()), nullable=False, comment="what app.aggregates.stored sums, in its order"),
        comment="sums of fields and of pairs of fields, for aggregates of all rows",
    )
    for table, column, referred, key in DECLARED:
        name = f"fk_{table}_{column}_{referred}"
        op.execute(f"alter table {table} add constraint {name} foreign key ({column}) references {referred} ({key}) not enforced")
    # nothing is looked up by it, and it would take most of the time to analyse
    op.execute("alter table group_sum alter column numbers set statistics 0")
    op.drop_index("ix_prospect_row_measures", table_name="prospect_row")
    op.drop_index("ix_prospect_row_groups", table_name="prospect_row")
    op.drop_index("ix_draft_pick_groups", table_name="draft_pick")
    # from now on it is filled for many rows only
    op.execute("delete from value_count")
    op.execute("delete from read_model where model = 'value_count'")


def downgrade() -> None:
    groups = ["season", "round", "position", "franchise_id"]
    op.create_index("ix_draft_pick_groups", "draft_pick", groups, postgresql_include=["w_av", "age"])
    op.create_index("ix_prospect_row_groups", "prospect_row", ["season", "round", "position", "w_av"])
    included = ["season", "round", "franchise_id", *MEASURES]
    op.create_index("ix_prospect_row_measures", "prospect_row", ["position"], postgresql_include=included)
    op.drop_table("group_sum")
    op.execute("delete from read_model where model = 'group_sum'")
