"""Quality acknowledgements.

Revision ID: 2026_11_30_quality
Revises: 2026_11_30_team_code_systems
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "2026_11_30_quality"
down_revision: str | None = "2026_11_30_team_code_systems"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "quality_acknowledgement",
        sa.Column("acknowledgement_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("season", sa.Integer(), nullable=True),
        sa.Column("entity", sa.Text(), nullable=True),
        sa.Column("field", sa.Text(), nullable=True),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("acknowledged_by", sa.Text(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("acknowledgement_id", name=op.f("pk_quality_acknowledgement")),
        sa.UniqueConstraint(
            "dataset",
            "rule",
            "season",
            "entity",
            "field",
            "value",
            name=op.f("uq_quality_acknowledgement_dataset_rule_season_entity_field_value"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.add_column("quality_issue", sa.Column("expected", sa.Integer(), nullable=True, comment="the count that the value fell short of"))


def downgrade() -> None:
    op.drop_column("quality_issue", "expected")
    op.drop_table("quality_acknowledgement")
