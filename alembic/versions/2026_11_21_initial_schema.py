"""Reference lists, persons, facts, the read side and the ledger.

Revision ID: 2026_11_21_initial_schema
Revises: nothing

References among the reference lists are enforced. References from facts are declared but not enforced (PostgreSQL 18): tools that
draw the schema see them, and a bulk load does not pay for a trigger per row and reference; the load proves them for the whole set at
once (docs/decisions/0012-references-between-facts-not-enforced.md).
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "2026_11_21_initial_schema"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

#: (table, column, referred table, referred column)
ENFORCED = (
    ("team_era", "franchise_id", "franchise", "franchise_id"),
    ("college_alias", "college_id", "college", "college_id"),
)
DECLARED = (
    ("person", "position", "position", "code"),
    ("person", "college_id", "college", "college_id"),
    ("person", "first_run_id", "load_run", "run_id"),
    ("person_alias", "person_id", "person", "person_id"),
    ("external_id", "person_id", "person", "person_id"),
    ("identity_conflict", "person_id", "person", "person_id"),
    ("identity_conflict", "other_person_id", "person", "person_id"),
    ("identity_conflict", "run_id", "load_run", "run_id"),
    ("draft_pick", "position", "position", "code"),
    ("draft_pick", "franchise_id", "franchise", "franchise_id"),
    ("draft_pick", "person_id", "person", "person_id"),
    ("draft_pick", "college_id", "college", "college_id"),
    ("draft_pick", "run_id", "load_run", "run_id"),
    ("combine_entry", "pos", "position", "code"),
    ("combine_entry", "person_id", "person", "person_id"),
    ("combine_entry", "college_id", "college", "college_id"),
    ("combine_entry", "run_id", "load_run", "run_id"),
    ("dataset", "run_id", "load_run", "run_id"),
    ("quality_issue", "run_id", "load_run", "run_id"),
    ("change_event", "run_id", "load_run", "run_id"),
    ("change_event", "person_id", "person", "person_id"),
)


def _refer(table: str, column: str, referred: str, key: str, enforced: str) -> None:
    name = f"fk_{table}_{column}_{referred}"
    op.execute(f"alter table {table} add constraint {name} foreign key ({column}) references {referred} ({key}) {enforced}")


def upgrade() -> None:
    op.create_table(
        "franchise",
        sa.Column("franchise_id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="today's usual abbreviation, e.g. KC"),
        sa.Column("slug", sa.Text(), nullable=False, comment="the nickname in a URL, e.g. chiefs"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("conference", sa.Text(), nullable=False),
        sa.Column("division", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("franchise_id", name="pk_franchise"),
        sa.UniqueConstraint("code", name="uq_franchise_code"),
        sa.UniqueConstraint("slug", name="uq_franchise_slug"),
    )

    op.create_table(
        "team_era",
        sa.Column("system", sa.Text(), nullable=False, comment="who writes the code: pfr (draft picks) or name (combine)"),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("first_season", sa.Integer(), nullable=False),
        sa.Column("last_season", sa.Integer(), comment="null: still in use"),
        sa.Column("franchise_id", sa.SmallInteger(), nullable=False),
        sa.Column("team_name", sa.Text(), nullable=False, comment="what the team was called in that era"),
        sa.CheckConstraint("last_season is null or last_season >= first_season", name=op.f("ck_team_era_season_range")),
        sa.PrimaryKeyConstraint("system", "code", "first_season", name="pk_team_era"),
    )

    op.create_table(
        "college",
        sa.Column("college_id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("curated", sa.Boolean(), nullable=False, comment="false: seen in a source but absent from our reference list"),
        sa.PrimaryKeyConstraint("college_id", name="pk_college"),
        sa.UniqueConstraint("name", name="uq_college_name"),
        sa.UniqueConstraint("slug", name="uq_college_slug"),
    )

    op.create_table(
        "college_alias",
        sa.Column("alias", sa.Text(), nullable=False, comment="as a source spells it"),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("alias", name="pk_college_alias"),
    )
    op.create_index("ix_college_alias_college_id", "college_alias", ["college_id"])

    op.create_table(
        "position",
        sa.Column("code", sa.Text(), nullable=False, comment="as a source writes it, e.g. T, OT, SAF"),
        sa.Column("leaf", sa.Text(), nullable=False, comment="one name per role, e.g. OT"),
        sa.Column("position_group", sa.Text(), nullable=False, comment="QB RB WR TE OL DL LB DB ST"),
        sa.Column("side", sa.Text(), nullable=False, comment="O, D or S"),
        sa.PrimaryKeyConstraint("code", name="pk_position"),
    )

    op.execute(sa.schema.CreateSequence(sa.Sequence("person_id_seq")))
    op.create_table(
        "person",
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False, comment="app.names.name_key(name): lower case, no accents, no punctuation"),
        sa.Column("position", sa.Text(), comment="raw code of the latest record; join with position.code"),
        sa.Column("college_id", sa.Integer()),
        sa.Column("first_season", sa.Integer(), nullable=False, comment="earliest draft class or combine"),
        sa.Column("last_season", sa.Integer(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("first_run_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name="pk_person"),
    )

    op.create_table(
        "person_alias",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "name", name="pk_person_alias"),
    )
    op.create_index("ix_person_alias_name_key", "person_alias", ["name_key"])

    op.create_table(
        "external_id",
        sa.Column("id_type", sa.Text(), nullable=False, comment="gsis, esb, pfr or cfb"),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("first_season", sa.Integer(), nullable=False, comment="range of classes in which the source used the id for this person"),
        sa.Column("last_season", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id_type", "value", "person_id", name="pk_external_id"),
    )
    op.create_index("ix_external_id_person_id", "external_id", ["person_id"])

    op.create_table(
        "identity_conflict",
        sa.Column("conflict_id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, comment="shared_id, slot_claimed_twice or ambiguous_name"),
        sa.Column("id_type", sa.Text(), nullable=False, comment="gsis, esb, pfr, cfb, slot or name"),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False, comment="the person that keeps the claim"),
        sa.Column("other_person_id", sa.Integer(), nullable=False, comment="the person that was kept apart"),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False, comment="open, same_person or different_people"),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state in ('open', 'same_person', 'different_people')", name=op.f("ck_identity_conflict_state")),
        sa.PrimaryKeyConstraint("conflict_id", name="pk_identity_conflict"),
        sa.UniqueConstraint(
            "id_type", "value", "person_id", "other_person_id", name="uq_identity_conflict_id_type_value_person_id_other_person_id"
        ),
    )
    op.create_index("ix_identity_conflict_other_person_id", "identity_conflict", ["other_person_id"])
    op.create_index("ix_identity_conflict_person_id", "identity_conflict", ["person_id"])

    op.create_table(
        "draft_pick",
        sa.Column("season", sa.Integer(), nullable=False),
        sa.Column("round", sa.SmallInteger(), nullable=False),
        sa.Column("pick", sa.Integer(), nullable=False, comment="overall number within the class, 1..N"),
        sa.Column("team", sa.Text(), nullable=False, comment="code as recorded; means a franchise only together with the season"),
        sa.Column("gsis_id", sa.Text(), comment="as recorded: mixes GSIS and ESB ids"),
        sa.Column("pfr_player_id", sa.Text()),
        sa.Column("cfb_player_id", sa.Text()),
        sa.Column("pfr_player_name", sa.Text(), nullable=False),
        sa.Column("hof", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("category", sa.Text()),
        sa.Column("side", sa.Text()),
        sa.Column("college", sa.Text(), comment="as recorded"),
        sa.Column("age", sa.SmallInteger()),
        sa.Column("to", sa.Integer()),
        sa.Column("allpro", sa.Integer()),
        sa.Column("probowls", sa.Integer()),
        sa.Column("seasons_started", sa.Integer()),
        sa.Column("w_av", sa.Integer()),
        sa.Column("car_av", sa.Integer()),
        sa.Column("dr_av", sa.Integer()),
        sa.Column("games", sa.Integer()),
        sa.Column("pass_completions", sa.Integer()),
        sa.Column("pass_attempts", sa.Integer()),
        sa.Column("pass_yards", sa.Integer()),
        sa.Column("pass_tds", sa.Integer()),
        sa.Column("pass_ints", sa.Integer()),
        sa.Column("rush_atts", sa.Integer()),
        sa.Column("rush_yards", sa.Integer()),
        sa.Column("rush_tds", sa.Integer()),
        sa.Column("receptions", sa.Integer()),
        sa.Column("rec_yards", sa.Integer()),
        sa.Column("rec_tds", sa.Integer()),
        sa.Column("def_solo_tackles", sa.Integer()),
        sa.Column("def_ints", sa.Integer()),
        sa.Column("def_sacks", sa.Float()),
        sa.Column("franchise_id", sa.SmallInteger(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer()),
        sa.Column("run_id", sa.BigInteger(), nullable=False, comment="the load that last wrote this row"),
        sa.CheckConstraint("pick >= 1", name=op.f("ck_draft_pick_pick")),
        sa.CheckConstraint("round between 1 and 12", name=op.f("ck_draft_pick_round")),
        sa.PrimaryKeyConstraint("season", "pick", name="pk_draft_pick"),
    )
    op.create_index("ix_draft_pick_person_id", "draft_pick", ["person_id"])

    op.create_table(
        "combine_entry",
        sa.Column("season", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("draft_year", sa.Integer()),
        sa.Column("draft_team", sa.Text()),
        sa.Column("draft_round", sa.SmallInteger()),
        sa.Column("draft_ovr", sa.Integer()),
        sa.Column("pfr_id", sa.Text()),
        sa.Column("cfb_id", sa.Text()),
        sa.Column("player_name", sa.Text(), nullable=False),
        sa.Column("pos", sa.Text(), nullable=False),
        sa.Column("school", sa.Text()),
        sa.Column("ht", sa.Text(), comment="as recorded, feet-inches"),
        sa.Column("height_in", sa.SmallInteger(), comment="inches"),
        sa.Column("wt", sa.SmallInteger(), comment="pounds"),
        sa.Column("forty", sa.Float(), comment="seconds"),
        sa.Column("bench", sa.SmallInteger(), comment="repetitions at 225 lb"),
        sa.Column("vertical", sa.Float(), comment="inches"),
        sa.Column("broad_jump", sa.SmallInteger(), comment="inches"),
        sa.Column("cone", sa.Float(), comment="seconds"),
        sa.Column("shuttle", sa.Float(), comment="seconds"),
        sa.Column("college_id", sa.Integer()),
        sa.Column("run_id", sa.BigInteger(), nullable=False, comment="the load that last wrote this row"),
        sa.PrimaryKeyConstraint("season", "person_id", name="pk_combine_entry"),
    )
    op.create_index("ix_combine_entry_person_id", "combine_entry", ["person_id"])

    op.create_table(
        "drill_distribution",
        sa.Column("scope", sa.Text(), nullable=False, comment="leaf or group"),
        sa.Column("position", sa.Text(), nullable=False, comment="the leaf or the group"),
        sa.Column("drill", sa.Text(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("lower", sa.Integer(), nullable=False, comment="entries with a lower value"),
        sa.Column("equal", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False, comment="entries with any value"),
        sa.PrimaryKeyConstraint("scope", "position", "drill", "value", name="pk_drill_distribution"),
    )

    op.create_table(
        "season_count",
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("season", sa.Integer(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("dataset", "season", name="pk_season_count"),
    )

    op.create_table(
        "field_count",
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("filled", sa.Integer(), nullable=False, comment="rows in which the field is not null"),
        sa.PrimaryKeyConstraint("dataset", "field", name="pk_field_count"),
    )

    op.create_table(
        "dataset",
        sa.Column("dataset", sa.Text(), nullable=False, comment="draft_picks or combine"),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="grows with every load that changed a row"),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("checksum", sa.Text(), nullable=False, comment="sha256 of the file that was loaded last"),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("dataset", name="pk_dataset"),
    )

    op.create_table(
        "load_run",
        sa.Column("run_id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="draft_picks, combine or sample"),
        sa.Column("dataset", sa.Text(), nullable=False, comment="draft_picks or combine"),
        sa.Column("trigger", sa.Text(), nullable=False, comment="command, schedule or start"),
        sa.Column("state", sa.Text(), nullable=False, comment="running, loaded, unchanged, skipped, held or failed"),
        sa.Column("location", sa.Text(), comment="file or address the data came from"),
        sa.Column("file_format", sa.Text(), comment="csv or parquet"),
        sa.Column("checksum", sa.Text()),
        sa.Column("byte_count", sa.BigInteger()),
        sa.Column("synthetic", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("rows_read", sa.Integer()),
        sa.Column("rows_inserted", sa.Integer()),
        sa.Column("rows_updated", sa.Integer()),
        sa.Column("rows_deleted", sa.Integer()),
        sa.Column("rows_unchanged", sa.Integer()),
        sa.Column("rows_quarantined", sa.Integer()),
        sa.Column("warning_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("dataset_version", sa.BigInteger()),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("step", sa.Text(), comment="the step that is running, or that failed"),
        sa.Column("error", sa.Text(), comment="one sentence for people"),
        sa.Column("timings", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False, comment="seconds per step"),
        sa.CheckConstraint("state in ('running', 'loaded', 'unchanged', 'skipped', 'held', 'failed')", name=op.f("ck_load_run_state")),
        sa.PrimaryKeyConstraint("run_id", name="pk_load_run"),
    )

    op.create_table(
        "quality_issue",
        sa.Column("issue_id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False, comment="info, warning, quarantine or error"),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("season", sa.Integer()),
        sa.Column("entity", sa.Text(), comment="which row: season/pick or season/name"),
        sa.Column("field", sa.Text()),
        sa.Column("value", sa.Text()),
        sa.Column("message", sa.Text(), nullable=False),
        sa.CheckConstraint("severity in ('info', 'warning', 'quarantine', 'error')", name=op.f("ck_quality_issue_severity")),
        sa.PrimaryKeyConstraint("issue_id", name="pk_quality_issue"),
    )
    op.create_index("ix_quality_issue_run_id", "quality_issue", ["run_id"])

    op.create_table(
        "change_event",
        sa.Column("event_id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="added, changed or removed"),
        sa.Column("season", sa.Integer(), nullable=False),
        sa.Column("pick", sa.Integer(), comment="of a draft pick"),
        sa.Column("person_id", sa.Integer()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), comment="null when a whole row was added or removed"),
        sa.Column("old_value", sa.Text()),
        sa.Column("new_value", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind in ('added', 'changed', 'removed')", name=op.f("ck_change_event_kind")),
        sa.PrimaryKeyConstraint("event_id", name="pk_change_event"),
    )
    op.create_index("ix_change_event_dataset_season", "change_event", ["dataset", "season"])
    op.create_index("ix_change_event_run_id", "change_event", ["run_id"])
    # ### end Alembic commands ###

    for reference in ENFORCED:
        _refer(*reference, "enforced")
    for reference in DECLARED:
        _refer(*reference, "not enforced")


def downgrade() -> None:
    tables = (
        "change_event",
        "quality_issue",
        "load_run",
        "dataset",
        "field_count",
        "season_count",
        "drill_distribution",
        "combine_entry",
        "draft_pick",
        "identity_conflict",
        "external_id",
        "person_alias",
        "person",
        "position",
        "college_alias",
        "college",
        "team_era",
        "franchise",
    )
    op.execute(f"drop table {', '.join(tables)}")  # at once: they refer to each other
    op.execute(sa.schema.DropSequence(sa.Sequence("person_id_seq")))
