"""Identity decisions.

What a person has decided about who is who, the records that each decision names, and the ids that people had before.

Revision ID: 2026_11_30_identity_decisions
Revises: 2026_11_30_players
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "2026_11_30_identity_decisions"
down_revision: str | None = "2026_11_30_players"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "identity_decision",
        sa.Column("decision_id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="resolve, merge or split"),
        sa.Column("same_person", sa.Boolean(), nullable=False, comment="whether the records of both sides are one person's"),
        sa.Column("kept_id", sa.Integer(), nullable=False, comment="the person of one side, as it was then"),
        sa.Column("other_id", sa.Integer(), nullable=False, comment="the person of the other side, as it was then"),
        sa.Column("conflict_id", sa.BigInteger(), comment="the conflict that was resolved"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("revoked_by", sa.BigInteger(), comment="the later decision that contradicts this one"),
        sa.CheckConstraint("kind in ('resolve', 'merge', 'split')", name=op.f("ck_identity_decision_kind")),
        sa.PrimaryKeyConstraint("decision_id", name="pk_identity_decision"),
    )
    op.create_table(
        "identity_record",
        sa.Column("decision_id", sa.BigInteger(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False, comment="what the source calls the row: season, slot, name, college or id"),
        sa.Column("is_other", sa.Boolean(), nullable=False, comment="whether it is of the other side"),
        sa.Column("holder_id", sa.Integer(), nullable=False, comment="the person whose record it was last"),
        sa.PrimaryKeyConstraint("decision_id", "dataset", "record", name="pk_identity_record"),
    )
    op.create_table(
        "former_person",
        sa.Column("former_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("successor_id", sa.Integer(), nullable=False, comment="the person who has the records now"),
        sa.PrimaryKeyConstraint("former_id", name="pk_former_person"),
    )
    op.create_index("ix_former_person_successor_id", "former_person", ["successor_id"])
    op.add_column("identity_conflict", sa.Column("settled_run_id", sa.BigInteger(), comment="the load after which it no longer held"))


def downgrade() -> None:
    op.drop_column("identity_conflict", "settled_run_id")
    op.drop_table("former_person")
    op.drop_table("identity_record")
    op.drop_table("identity_decision")
