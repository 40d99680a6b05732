"""Read models of Athletic Scores and of the strength of classes.

Revision ID: 2026_11_30_entry_scores
Revises: 2026_11_30_draft_pick_groups
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "2026_11_30_entry_scores"
down_revision: str | None = "2026_11_30_draft_pick_groups"
branch_labels: str | None = None
depends_on: str | None = None

DECLARED = (("entry_score", "person_id", "person", "person_id"),)


def upgrade() -> None:
    op.create_table(
        "entry_score",
        sa.Column("season", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("pos", sa.Text(), nullable=True),
        sa.Column("mean", sa.Float(), nullable=True, comment="mean score of the measurements"),
        sa.Column("athletic_score", sa.Float(), nullable=True),
        sa.Column("athletic_n", sa.Integer(), nullable=False, comment="entries of the role that have a score"),
        sa.PrimaryKeyConstraint("season", "person_id", name=op.f("pk_entry_score")),
        comment="Athletic Scores of combine entries",
    )
    op.create_index(
        "ix_entry_score_order", "entry_score", [sa.literal_column("athletic_score DESC NULLS LAST"), "season", "person_id"], unique=False
    )
    op.create_table(
        "class_strength",
        sa.Column("season", sa.Integer(), nullable=False),
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("before", sa.Float(), nullable=True),
        sa.Column("classes_before", sa.Integer(), nullable=False),
        sa.Column("difference", sa.Float(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("season", "group", "measure", name=op.f("pk_class_strength")),
        comment="what classes were worth, against those before",
    )
    for table, column, referred, key in DECLARED:
        name = f"fk_{table}_{column}_{referred}"
        op.execute(f"alter table {table} add constraint {name} foreign key ({column}) references {referred} ({key}) not enforced")


def downgrade() -> None:
    op.drop_table("class_strength")
    op.drop_table("entry_score")
    op.execute("delete from read_model where model in ('class_strength', 'entry_score')")
