"""Every table of the product, as SQLAlchemy Core definitions.

The tables of facts follow the declarations of the data sets in ``app.datasets``, which also describe their columns. They keep the columns
of their source under the source's own names and values; what we add (person, franchise, canonical college, inches) has its own name.
References between facts and the rest are declared as foreign keys that PostgreSQL does not enforce row by row: a load proves them for the
whole set at once before it commits (see docs/decisions/0012-references-between-facts-not-enforced.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Float,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Sequence,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.datasets import DATASETS
from app.datasets.combine import COMBINE
from app.datasets.draft_picks import DRAFT_PICKS

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

    from app.datasets.model import Dataset, FieldType

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=NAMING_CONVENTION)

# --- reference ---------------------------------------------------------------------------------------------------------------

franchise = Table(
    "franchise",
    metadata,
    Column("franchise_id", SmallInteger, primary_key=True, autoincrement=False),
    Column("code", Text, nullable=False, unique=True, comment="today's usual abbreviation, e.g. KC"),
    Column("slug", Text, nullable=False, unique=True, comment="the nickname in a URL, e.g. chiefs"),
    Column("name", Text, nullable=False),
    Column("conference", Text, nullable=False),
    Column("division", Text, nullable=False),
)

team_era = Table(
    "team_era",
    metadata,
    Column("system", Text, nullable=False, comment="who writes the code: pfr (draft picks), nfl (trades) or name (combine)"),
    Column("code", Text, nullable=False),
    Column("first_season", Integer, nullable=False),
    Column("last_season", Integer, comment="null: still in use"),
    Column("franchise_id", SmallInteger, nullable=False),
    Column("team_name", Text, nullable=False, comment="what the team was called in that era"),
    PrimaryKeyConstraint("system", "code", "first_season"),
    CheckConstraint("last_season is null or last_season >= first_season", name="season_range"),
)

college = Table(
    "college",
    metadata,
    Column("college_id", Integer, Identity(), primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False, unique=True),
    Column("curated", Boolean, nullable=False, comment="false: seen in a source but absent from our reference list"),
)

college_alias = Table(
    "college_alias",
    metadata,
    Column("alias", Text, primary_key=True, comment="as a source spells it"),
    Column("college_id", Integer, nullable=False, index=True),
)

position = Table(
    "position",
    metadata,
    Column("code", Text, primary_key=True, comment="as a source writes it, e.g. T, OT, SAF"),
    Column("leaf", Text, nullable=False, comment="one name per role, e.g. OT"),
    Column("position_group", Text, nullable=False, comment="QB RB WR TE OL DL LB DB ST"),
    Column("side", Text, nullable=False, comment="O, D or S"),
)

# --- identity ----------------------------------------------------------------------------------------------------------------

person_id_sequence = Sequence("person_id_seq", metadata=metadata)

person = Table(
    "person",
    metadata,
    Column("person_id", Integer, person_id_sequence, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False, comment="app.names.name_key(name): lower case, no accents, no punctuation"),
    Column("position", Text, comment="raw code of the latest record; join with position.code"),
    Column("college_id", Integer),
    Column("first_season", Integer, nullable=False, comment="earliest draft class or combine"),
    Column("last_season", Integer, nullable=False),
    Column("synthetic", Boolean, nullable=False, server_default=text("false")),
    Column("first_run_id", BigInteger, nullable=False),
)

person_alias = Table(
    "person_alias",
    metadata,
    Column("person_id", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False, index=True),
    Column("dataset", Text, nullable=False),
    PrimaryKeyConstraint("person_id", "name"),
)

external_id = Table(
    "external_id",
    metadata,
    Column("id_type", Text, nullable=False, comment="gsis, esb, pfr or cfb"),
    Column("value", Text, nullable=False),
    Column("person_id", Integer, nullable=False, index=True),
    Column("first_season", Integer, nullable=False, comment="range of classes in which the source used the id for this person"),
    Column("last_season", Integer, nullable=False),
    PrimaryKeyConstraint("id_type", "value", "person_id"),
)

identity_conflict = Table(
    "identity_conflict",
    metadata,
    Column("conflict_id", BigInteger, Identity(), primary_key=True),
    Column("reason", Text, nullable=False, comment="shared_id, slot_claimed_twice or ambiguous_name"),
    Column("id_type", Text, nullable=False, comment="gsis, esb, pfr, cfb, slot or name"),
    Column("value", Text, nullable=False),
    Column("person_id", Integer, nullable=False, index=True, comment="the person that keeps the claim"),
    Column("other_person_id", Integer, nullable=False, index=True, comment="the person that was kept apart"),
    Column("state", Text, nullable=False, server_default=text("'open'"), comment="open, same_person or different_people"),
    Column("run_id", BigInteger, nullable=False),
    UniqueConstraint("id_type", "value", "person_id", "other_person_id"),
    CheckConstraint("state in ('open', 'same_person', 'different_people')", name="state"),
)

# --- facts -------------------------------------------------------------------------------------------------------------------

_TYPES: Final[Mapping[FieldType, type[TypeEngine[Any]]]] = {
    "integer": Integer,
    "smallint": SmallInteger,
    "number": Float,
    "boolean": Boolean,
    "text": Text,
    "date": Date,
}


def _fact(dataset: Dataset, *constraints: CheckConstraint) -> Table:
    """Build the table of a data set from its declaration in ``app.datasets``."""
    columns: list[Column[Any]] = [
        Column(field.name, _TYPES[field.type], nullable=not field.required, index=True if field.name == "person_id" else None)
        for field in dataset.stored
    ]
    written_by = Column("run_id", BigInteger, nullable=False, comment="the load that last wrote this row")
    return Table(dataset.table, metadata, *columns, written_by, PrimaryKeyConstraint(*dataset.key), *constraints)


# [season, round, pick] is unique because its part [season, pick] is
draft_pick = _fact(DRAFT_PICKS, CheckConstraint("round between 1 and 12", name="round"), CheckConstraint("pick >= 1", name="pick"))
combine_entry = _fact(COMBINE)

facts: dict[str, Table] = {
    name: metadata.tables[declared.table] if declared.table in metadata.tables else _fact(declared) for name, declared in DATASETS.items()
}
"""The table of every data set, by the name of the data set."""

# --- read side, rewritten by each load ------------------------------------------------------------------------------------------

drill_distribution = Table(
    "drill_distribution",
    metadata,
    Column("scope", Text, nullable=False, comment="leaf or group"),
    Column("position", Text, nullable=False, comment="the leaf or the group"),
    Column("drill", Text, nullable=False),
    Column("value", Float, nullable=False),
    Column("lower", Integer, nullable=False, comment="entries with a lower value"),
    Column("equal", Integer, nullable=False),
    Column("total", Integer, nullable=False, comment="entries with any value"),
    PrimaryKeyConstraint("scope", "position", "drill", "value"),
)

season_count = Table(
    "season_count",
    metadata,
    Column("dataset", Text, nullable=False),
    Column("season", Integer, nullable=False),
    Column("row_count", Integer, nullable=False),
    PrimaryKeyConstraint("dataset", "season"),
)

field_count = Table(
    "field_count",
    metadata,
    Column("dataset", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("filled", Integer, nullable=False, comment="rows in which the field is not null"),
    PrimaryKeyConstraint("dataset", "field"),
)

dataset = Table(
    "dataset",
    metadata,
    Column("dataset", Text, primary_key=True, comment="name of the data set"),
    Column("version", BigInteger, nullable=False, comment="grows with every load that changed a row"),
    Column("row_count", Integer, nullable=False),
    Column("synthetic", Boolean, nullable=False),
    Column("checksum", Text, nullable=False, comment="sha256 of the file that was loaded last"),
    Column("run_id", BigInteger, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

# --- ledger ------------------------------------------------------------------------------------------------------------------

load_run = Table(
    "load_run",
    metadata,
    Column("run_id", BigInteger, Identity(), primary_key=True),
    Column("source", Text, nullable=False, comment="name of the data set, or sample"),
    Column("dataset", Text, nullable=False, comment="name of the data set"),
    Column("trigger", Text, nullable=False, comment="command, schedule or start"),
    Column("state", Text, nullable=False, comment="running, loaded, unchanged, skipped, held or failed"),
    Column("location", Text, comment="file or address the data came from"),
    Column("file_format", Text, comment="csv or parquet"),
    Column("checksum", Text),
    Column("columns_checksum", Text, comment="sha256 of the columns that were read, as the code declared them"),
    Column("byte_count", BigInteger),
    Column("synthetic", Boolean, nullable=False, server_default=text("false")),
    Column("rows_read", Integer),
    Column("rows_inserted", Integer),
    Column("rows_updated", Integer),
    Column("rows_deleted", Integer),
    Column("rows_unchanged", Integer),
    Column("rows_quarantined", Integer),
    Column("warning_count", Integer, nullable=False, server_default=text("0")),
    Column("dataset_version", BigInteger),
    Column("started_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("finished_at", DateTime(timezone=True)),
    Column("next_attempt_at", DateTime(timezone=True), comment="when the schedule tries again, after a load that did not succeed"),
    Column("step", Text, comment="the step that is running, or that failed"),
    Column("error", Text, comment="one sentence for people"),
    Column("timings", JSONB, nullable=False, server_default=text("'{}'::jsonb"), comment="seconds per step"),
    CheckConstraint("state in ('running', 'loaded', 'unchanged', 'skipped', 'held', 'failed')", name="state"),
)

quality_issue = Table(
    "quality_issue",
    metadata,
    Column("issue_id", BigInteger, Identity(), primary_key=True),
    Column("run_id", BigInteger, nullable=False, index=True),
    Column("dataset", Text, nullable=False),
    Column("severity", Text, nullable=False, comment="info, warning, quarantine or error"),
    Column("rule", Text, nullable=False),
    Column("season", Integer),
    Column("entity", Text, comment="which row: season/pick or season/name"),
    Column("field", Text),
    Column("value", Text),
    Column("message", Text, nullable=False),
    CheckConstraint("severity in ('info', 'warning', 'quarantine', 'error')", name="severity"),
)

change_event = Table(
    "change_event",
    metadata,
    Column("event_id", BigInteger, Identity(), primary_key=True),
    Column("run_id", BigInteger, nullable=False, index=True),
    Column("dataset", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="added, changed or removed"),
    Column("season", Integer),
    Column("pick", Integer, comment="of a draft pick"),
    Column("person_id", Integer),
    Column("name", Text, nullable=False),
    Column("field", Text, comment="null when a whole row was added or removed"),
    Column("old_value", Text),
    Column("new_value", Text),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index("ix_change_event_dataset_season", "dataset", "season"),
    CheckConstraint("kind in ('added', 'changed', 'removed')", name="kind"),
)

database_backup = Table(
    "database_backups",
    metadata,
    Column("name", Text, primary_key=True, comment="of its folder in the volume of the backups, whose records are the truth"),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    Column("size_bytes", BigInteger),
    Column("verified_at", DateTime(timezone=True), comment="when restored copies of it had the same rows"),
    Column("problem", Text, comment="why it is not verified, or no longer, in one sentence"),
)
