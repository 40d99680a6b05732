"""Quality decisions.

Revision ID: 2026_11_30_quality_decisions
Revises: 2026_11_30_past_rows
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "2026_11_30_quality_decisions"
down_revision: str | None = "2026_11_30_past_rows"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "quality_decision",
        sa.Column("decision_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="acknowledge or withdraw"),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("season", sa.Integer(), nullable=True),
        sa.Column("entity", sa.Text(), nullable=True),
        sa.Column("field", sa.Text(), nullable=True),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind in ('acknowledge', 'withdraw')", name=op.f("ck_quality_decision_kind")),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_quality_decision")),
    )
    op.execute(
        "insert into quality_decision (kind, dataset, rule, season, entity, field, value, reason, decided_by, decided_at)"
        " select 'acknowledge', dataset, rule, season, entity, field, value, reason, acknowledged_by, acknowledged_at"
        " from quality_acknowledgement order by acknowledgement_id"
    )


def downgrade() -> None:
    op.drop_table("quality_decision")
