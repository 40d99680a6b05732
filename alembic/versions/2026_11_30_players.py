"""Players.

Revision ID: 2026_11_30_players
Revises: 2026_11_29_values_and_trades
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "2026_11_30_players"
down_revision: str | None = "2026_11_29_values_and_trades"
branch_labels: str | None = None
depends_on: str | None = None

#: References that a load proves as a whole: (table, column, referred table, key).
DECLARED = (
    ("player", "college_id", "college", "college_id"),
    ("player", "person_id", "person", "person_id"),
    ("player", "run_id", "load_run", "run_id"),
)


def upgrade() -> None:
    op.create_table(
        "player",
        sa.Column("gsis_id", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("common_first_name", sa.Text(), nullable=True),
        sa.Column("first_name", sa.Text(), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=True),
        sa.Column("short_name", sa.Text(), nullable=True),
        sa.Column("football_name", sa.Text(), nullable=True),
        sa.Column("suffix", sa.Text(), nullable=True),
        sa.Column("esb_id", sa.Text(), nullable=True),
        sa.Column("nfl_id", sa.Text(), nullable=True),
        sa.Column("pfr_id", sa.Text(), nullable=True),
        sa.Column("pff_id", sa.Text(), nullable=True),
        sa.Column("otc_id", sa.Text(), nullable=True),
        sa.Column("espn_id", sa.Text(), nullable=True),
        sa.Column("smart_id", sa.Text(), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("position_group", sa.Text(), nullable=True),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("ngs_position_group", sa.Text(), nullable=True),
        sa.Column("ngs_position", sa.Text(), nullable=True),
        sa.Column("height", sa.SmallInteger(), nullable=True),
        sa.Column("weight", sa.SmallInteger(), nullable=True),
        sa.Column("headshot", sa.Text(), nullable=True),
        sa.Column("college_name", sa.Text(), nullable=True),
        sa.Column("college_conference", sa.Text(), nullable=True),
        sa.Column("jersey_number", sa.Text(), nullable=True),
        sa.Column("rookie_season", sa.Integer(), nullable=False),
        sa.Column("last_season", sa.Integer(), nullable=True),
        sa.Column("latest_team", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("ngs_status", sa.Text(), nullable=True),
        sa.Column("ngs_status_short_description", sa.Text(), nullable=True),
        sa.Column("years_of_experience", sa.SmallInteger(), nullable=True),
        sa.Column("pff_position", sa.Text(), nullable=True),
        sa.Column("pff_status", sa.Text(), nullable=True),
        sa.Column("draft_year", sa.Integer(), nullable=True),
        sa.Column("draft_round", sa.SmallInteger(), nullable=True),
        sa.Column("draft_pick", sa.Integer(), nullable=True),
        sa.Column("draft_team", sa.Text(), nullable=True),
        sa.Column("college_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("selection", sa.Text(), nullable=False),
        sa.Column("draft_age_years", sa.SmallInteger(), nullable=True),
        sa.Column("draft_age_days", sa.Integer(), nullable=True),
        sa.Column("run_id", sa.BigInteger(), nullable=False, comment="the load that last wrote this row"),
        sa.PrimaryKeyConstraint("gsis_id", name=op.f("pk_player")),
    )
    op.create_index(op.f("ix_player_person_id"), "player", ["person_id"], unique=False)
    for table, column, referred, key in DECLARED:
        name = f"fk_{table}_{column}_{referred}"
        op.execute(f"alter table {table} add constraint {name} foreign key ({column}) references {referred} ({key}) not enforced")


def downgrade() -> None:
    # what is known of rows that go with their table: a load after another upgrade would take them for loaded
    for table in ("dataset", "season_count", "field_count", "change_event"):
        op.execute(f"delete from {table} where dataset = 'players'")
    # people who are neither picks nor combine participants have no record any more
    for table in ("external_id", "person_alias", "person"):
        op.execute(
            f"delete from {table} t where not exists (select from draft_pick d where d.person_id = t.person_id)"
            " and not exists (select from combine_entry c where c.person_id = t.person_id)"
        )
    # nothing refers to them any more, as after a load that removes people
    gone = "not exists (select from person p where p.person_id = t.{})"
    op.execute(f"update trade_leg t set person_id = null where person_id is not null and {gone.format('person_id')}")
    op.execute(f"delete from identity_conflict t where {gone.format('person_id')} or {gone.format('other_person_id')}")
    op.drop_index(op.f("ix_player_person_id"), table_name="player")
    op.drop_table("player")
