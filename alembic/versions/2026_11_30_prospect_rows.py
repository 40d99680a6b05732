"""Read model of prospects.

Revision ID: 2026_11_30_prospect_rows
Revises: 2026_11_30_quality_decisions
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "2026_11_30_prospect_rows"
down_revision: str | None = "2026_11_30_quality_decisions"
branch_labels: str | None = None
depends_on: str | None = None

DECLARED = (
    ("prospect_row", "college_id", "college", "college_id"),
    ("prospect_row", "franchise_id", "franchise", "franchise_id"),
    ("prospect_row", "person_id", "person", "person_id"),
)


def upgrade() -> None:
    op.create_table(
        "prospect_row",
        sa.Column("season", sa.Integer(), nullable=False),
        sa.Column("round", sa.SmallInteger(), nullable=True),
        sa.Column("position", sa.Text(), nullable=True),
        sa.Column("franchise_id", sa.SmallInteger(), nullable=True),
        sa.Column("w_av", sa.Integer(), nullable=True),
        sa.Column("height_in", sa.SmallInteger(), nullable=True),
        sa.Column("wt", sa.SmallInteger(), nullable=True),
        sa.Column("forty", sa.Float(), nullable=True),
        sa.Column("bench", sa.SmallInteger(), nullable=True),
        sa.Column("vertical", sa.Float(), nullable=True),
        sa.Column("broad_jump", sa.SmallInteger(), nullable=True),
        sa.Column("cone", sa.Float(), nullable=True),
        sa.Column("shuttle", sa.Float(), nullable=True),
        sa.Column("drafted", sa.Boolean(), nullable=True),
        sa.Column("measured", sa.Boolean(), nullable=True),
        sa.Column("pick", sa.Integer(), nullable=True),
        sa.Column("team", sa.Text(), nullable=True),
        sa.Column("draft_position", sa.Text(), nullable=True),
        sa.Column("age", sa.SmallInteger(), nullable=True),
        sa.Column("hof", sa.Boolean(), nullable=True),
        sa.Column("to", sa.Integer(), nullable=True),
        sa.Column("allpro", sa.Integer(), nullable=True),
        sa.Column("probowls", sa.Integer(), nullable=True),
        sa.Column("seasons_started", sa.Integer(), nullable=True),
        sa.Column("car_av", sa.Integer(), nullable=True),
        sa.Column("dr_av", sa.Integer(), nullable=True),
        sa.Column("games", sa.Integer(), nullable=True),
        sa.Column("pass_completions", sa.Integer(), nullable=True),
        sa.Column("pass_attempts", sa.Integer(), nullable=True),
        sa.Column("pass_yards", sa.Integer(), nullable=True),
        sa.Column("pass_tds", sa.Integer(), nullable=True),
        sa.Column("pass_ints", sa.Integer(), nullable=True),
        sa.Column("rush_atts", sa.Integer(), nullable=True),
        sa.Column("rush_yards", sa.Integer(), nullable=True),
        sa.Column("rush_tds", sa.Integer(), nullable=True),
        sa.Column("receptions", sa.Integer(), nullable=True),
        sa.Column("rec_yards", sa.Integer(), nullable=True),
        sa.Column("rec_tds", sa.Integer(), nullable=True),
        sa.Column("def_solo_tackles", sa.Integer(), nullable=True),
        sa.Column("def_ints", sa.Integer(), nullable=True),
        sa.Column("def_sacks", sa.Float(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=True),
        comment="prospects without their texts, for aggregates",
    )
    op.create_table(
        "read_model",
        sa.Column("model", sa.Text(), nullable=False, comment="name of the table"),
        sa.Column("dataset", sa.Text(), nullable=False, comment="name of the data set"),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="as in dataset"),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, comment="as in dataset"),
        sa.PrimaryKeyConstraint("model", "dataset", name=op.f("pk_read_model")),
    )
    for table, column, referred, key in DECLARED:
        name = f"fk_{table}_{column}_{referred}"
        op.execute(f"alter table {table} add constraint {name} foreign key ({column}) references {referred} ({key}) not enforced")


def downgrade() -> None:
    op.drop_table("read_model")
    op.drop_table("prospect_row")
