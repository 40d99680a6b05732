"""Past rows.

What is loaded when this runs is where the past that can be read begins.

Revision ID: 2026_11_30_past_rows
Revises: 2026_11_30_quality
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "2026_11_30_past_rows"
down_revision: str | None = "2026_11_30_quality"
branch_labels: str | None = None
depends_on: str | None = None

#: What starts a load.
BEFORE, AFTER = "command, schedule or start", "command, schedule, start or rollback"


def upgrade() -> None:
    op.create_table(
        "past_row",
        sa.Column("dataset", sa.Text(), nullable=False, comment="name of the data set"),
        sa.Column("key", sa.Text(), nullable=False, comment="the key of the row, its parts separated by slashes"),
        sa.Column("until_run_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="the load that changed or removed it"),
        sa.Column("from_run_id", sa.BigInteger(), nullable=False, comment="the load that had written it"),
        sa.Column("past_person_id", sa.Integer(), nullable=True, comment="its person, who may not exist any more"),
        sa.Column("content", postgresql.JSONB(), nullable=False, comment="its columns without nulls and without run_id"),
        sa.PrimaryKeyConstraint("dataset", "key", "until_run_id", name=op.f("pk_past_row")),
    )
    op.create_index("ix_past_row_dataset_until_run_id", "past_row", ["dataset", "until_run_id"])
    op.create_index(op.f("ix_past_row_past_person_id"), "past_row", ["past_person_id"])
    op.add_column(
        "dataset",
        sa.Column(
            "first_run_id",
            sa.BigInteger(),
            nullable=True,
            comment="the earliest load whose rows can still be read; later changes are in past_row",
        ),
    )
    op.add_column(
        "dataset",
        sa.Column(
            "traced_run_id",
            sa.BigInteger(),
            nullable=True,
            comment="the latest load that kept past rows; not run_id after a load by an older release",
        ),
    )
    op.execute("update dataset set first_run_id = run_id, traced_run_id = run_id")
    op.add_column(
        "load_run",
        sa.Column(
            "published_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when upstream published the file: Last-Modified, or the date in its name",
        ),
    )
    op.alter_column("load_run", "trigger", comment=AFTER, existing_comment=BEFORE)


def downgrade() -> None:
    op.alter_column("load_run", "trigger", comment=BEFORE, existing_comment=AFTER)
    op.drop_column("load_run", "published_at")
    op.drop_column("dataset", "traced_run_id")
    op.drop_column("dataset", "first_run_id")
    op.drop_table("past_row")
