"""Pick values and trades.

Revision ID: 2026_11_29_values_and_trades
Revises: 2026_11_29_undescribed_facts
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "2026_11_29_values_and_trades"
down_revision: str | None = "2026_11_29_undescribed_facts"
branch_labels: str | None = None
depends_on: str | None = None

#: References that a load proves as a whole: (table, column, referred table, key).
DECLARED = (
    ("pick_value", "run_id", "load_run", "run_id"),
    ("trade_leg", "gave_franchise_id", "franchise", "franchise_id"),
    ("trade_leg", "received_franchise_id", "franchise", "franchise_id"),
    ("trade_leg", "person_id", "person", "person_id"),
    ("trade_leg", "run_id", "load_run", "run_id"),
)


def upgrade() -> None:
    op.create_table(
        "pick_value",
        sa.Column("pick", sa.Integer(), nullable=False),
        sa.Column("stuart", sa.Float(), nullable=True),
        sa.Column("johnson", sa.Float(), nullable=True),
        sa.Column("hill", sa.Float(), nullable=True),
        sa.Column("otc", sa.Float(), nullable=True),
        sa.Column("pff", sa.Float(), nullable=True),
        sa.Column("run_id", sa.BigInteger(), nullable=False, comment="the load that last wrote this row"),
        sa.PrimaryKeyConstraint("pick", name=op.f("pk_pick_value")),
    )
    op.create_table(
        "trade_leg",
        sa.Column("trade_id", sa.Integer(), nullable=False),
        sa.Column("season", sa.Integer(), nullable=False),
        sa.Column("trade_date", sa.Date(), nullable=True),
        sa.Column("gave", sa.Text(), nullable=False),
        sa.Column("received", sa.Text(), nullable=False),
        sa.Column("pick_season", sa.Integer(), nullable=True),
        sa.Column("pick_round", sa.SmallInteger(), nullable=True),
        sa.Column("pick_number", sa.Integer(), nullable=True),
        sa.Column("conditional", sa.Boolean(), nullable=True),
        sa.Column("pfr_id", sa.Text(), nullable=True),
        sa.Column("pfr_name", sa.Text(), nullable=True),
        sa.Column("leg", sa.Integer(), nullable=False),
        sa.Column("gave_franchise_id", sa.SmallInteger(), nullable=False),
        sa.Column("received_franchise_id", sa.SmallInteger(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("run_id", sa.BigInteger(), nullable=False, comment="the load that last wrote this row"),
        sa.PrimaryKeyConstraint("trade_id", "leg", name=op.f("pk_trade_leg")),
    )
    op.create_index(op.f("ix_trade_leg_person_id"), "trade_leg", ["person_id"], unique=False)
    op.alter_column("change_event", "season", existing_type=sa.INTEGER(), nullable=True)
    op.alter_column(
        "team_era",
        "system",
        existing_type=sa.TEXT(),
        comment="who writes the code: pfr (draft picks), nfl (trades) or name (combine)",
        existing_comment="who writes the code: pfr (draft picks) or name (combine)",
        existing_nullable=False,
    )
    for table, column, referred, key in DECLARED:
        name = f"fk_{table}_{column}_{referred}"
        op.execute(f"alter table {table} add constraint {name} foreign key ({column}) references {referred} ({key}) not enforced")


def downgrade() -> None:
    op.alter_column(
        "team_era",
        "system",
        existing_type=sa.TEXT(),
        comment="who writes the code: pfr (draft picks) or name (combine)",
        existing_comment="who writes the code: pfr (draft picks), nfl (trades) or name (combine)",
        existing_nullable=False,
    )
    # what is known of rows that go with their tables: a load after another upgrade would take them for loaded
    for table in ("dataset", "season_count", "field_count", "change_event"):
        op.execute(f"delete from {table} where dataset in ('pick_values', 'trades')")
    op.execute("delete from team_era where system = 'nfl'")
    op.alter_column("change_event", "season", existing_type=sa.INTEGER(), nullable=False)
    op.drop_index(op.f("ix_trade_leg_person_id"), table_name="trade_leg")
    op.drop_table("trade_leg")
    op.drop_table("pick_value")
