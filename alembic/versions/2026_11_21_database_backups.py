"""What is known of the backups, written by the service that makes them.

Revision ID: 2026_11_21_database_backups
Revises: 2026_11_21_job_queue
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "2026_11_21_database_backups"
down_revision: str | None = "2026_11_21_job_queue"
branch_labels: str | None = None
depends_on: str | None = None

#: There in production alone (docker/postgres/init/20-roles.sh).
GRANT = """
    do $$ begin
        if to_regrole('draft_queen_backup') is not null then
            grant select, insert, update on database_backups to draft_queen_backup;
        end if;
    end $$
"""


def upgrade() -> None:
    op.create_table(
        "database_backups",
        sa.Column("name", sa.Text(), nullable=False, comment="of its folder in the volume of the backups, whose records are the truth"),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("size_bytes", sa.BigInteger()),
        sa.Column("verified_at", sa.DateTime(timezone=True), comment="when restored copies of it had the same rows"),
        sa.Column("problem", sa.Text(), comment="why it is not verified, or no longer, in one sentence"),
        sa.PrimaryKeyConstraint("name", name="pk_database_backups"),
    )
    op.execute(GRANT)


def downgrade() -> None:
    op.drop_table("database_backups")
