"""Ledger columns.

Revision ID: 2026_11_29_ledger_columns
Revises: 2026_11_21_database_backups
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "2026_11_29_ledger_columns"
down_revision: str | None = "2026_11_21_database_backups"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column(
        "load_run",
        sa.Column("columns_checksum", sa.Text(), nullable=True, comment="sha256 of the columns that were read, as the code declared them"),
    )
    op.add_column(
        "load_run",
        sa.Column(
            "next_attempt_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the schedule tries again, after a load that did not succeed",
        ),
    )


def downgrade() -> None:
    op.drop_column("load_run", "next_attempt_at")
    op.drop_column("load_run", "columns_checksum")
