"""Every table of the product, as SQLAlchemy models: classes for the fixed tables, and a ``Table`` for each data set.

The tables of data sets follow their declarations in ``app.datasets``, which also describe their columns. They keep the columns of their
source under the source's own names and values; what we add (person, franchise, canonical college, inches) has its own name. References
between facts and the rest are foreign keys that PostgreSQL does not enforce row by row, and that only migrations declare: a load proves
them for the whole set at once before it commits (see docs/decisions/0012-references-between-facts-not-enforced.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Sequence,
    SmallInteger,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeEngine

from app.datasets import DATASETS
from app.datasets.combine import COMBINE
from app.datasets.draft_picks import DRAFT_PICKS
from app.datasets.model import Dataset, FieldType
from app.datasets.prospects import NARROW, PROSPECTS
from app.db import history_models, identity_models, quality_models  # noqa: F401 - complete the metadata
from app.db.base import Base as Base
from app.db.base import BigInt, SmallInt

# --- reference ---------------------------------------------------------------------------------------------------------------


class Franchise(Base):
    """A franchise, whatever its team was called over the years."""

    __tablename__ = "franchise"

    franchise_id: Mapped[SmallInt] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(unique=True, comment="today's usual abbreviation, e.g. KC")
    slug: Mapped[str] = mapped_column(unique=True, comment="the nickname in a URL, e.g. chiefs")
    name: Mapped[str]
    conference: Mapped[str]
    division: Mapped[str]


class TeamEra(Base):
    """The seasons in which a team code, or a team's name, meant one franchise."""

    __tablename__ = "team_era"
    __table_args__ = (CheckConstraint("last_season is null or last_season >= first_season", name="season_range"),)

    system: Mapped[str] = mapped_column(
        primary_key=True, comment="who writes the code: pfr (draft picks), nfl (trades, nflverse), name (combine) or alias (others)"
    )
    code: Mapped[str] = mapped_column(primary_key=True)
    first_season: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_season: Mapped[int | None] = mapped_column(comment="null: still in use")
    franchise_id: Mapped[SmallInt]
    team_name: Mapped[str] = mapped_column(comment="what the team was called in that era")


class College(Base):
    """A college under its canonical name."""

    __tablename__ = "college"

    college_id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(unique=True)
    curated: Mapped[bool] = mapped_column(comment="false: seen in a source but absent from our reference list")


class CollegeAlias(Base):
    """A spelling of a college."""

    __tablename__ = "college_alias"

    alias: Mapped[str] = mapped_column(primary_key=True, comment="as a source spells it")
    college_id: Mapped[int] = mapped_column(index=True)


class Position(Base):
    """A position code of a source, and the role that it means."""

    __tablename__ = "position"

    code: Mapped[str] = mapped_column(primary_key=True, comment="as a source writes it, e.g. T, OT, SAF")
    leaf: Mapped[str] = mapped_column(comment="one name per role, e.g. OT")
    position_group: Mapped[str] = mapped_column(comment="QB RB WR TE OL DL LB DB ST")
    side: Mapped[str] = mapped_column(comment="O, D or S")


# --- identity ----------------------------------------------------------------------------------------------------------------


class Person(Base):
    """A player, across all data sets."""

    __tablename__ = "person"

    person_id: Mapped[int] = mapped_column(Sequence("person_id_seq"), primary_key=True, autoincrement=False)
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(comment="app.names.name_key(name): lower case, no accents, no punctuation")
    position: Mapped[str | None] = mapped_column(comment="raw code of the latest record; join with position.code")
    college_id: Mapped[int | None]
    first_season: Mapped[int] = mapped_column(comment="earliest draft class or combine")
    last_season: Mapped[int]
    synthetic: Mapped[bool] = mapped_column(server_default=text("false"))
    first_run_id: Mapped[BigInt]


class PersonAlias(Base):
    """A name that a source has used for a person."""

    __tablename__ = "person_alias"

    person_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(primary_key=True)
    name_key: Mapped[str] = mapped_column(index=True)
    dataset: Mapped[str]


class ExternalId(Base):
    """An id that a source has used for a person."""

    __tablename__ = "external_id"

    id_type: Mapped[str] = mapped_column(primary_key=True, comment="gsis, esb, pfr or cfb")
    value: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, index=True)
    first_season: Mapped[int] = mapped_column(comment="range of classes in which the source used the id for this person")
    last_season: Mapped[int]


# --- data sets ---------------------------------------------------------------------------------------------------------------

_TYPES: Final[Mapping[FieldType, type[TypeEngine[Any]]]] = {
    "integer": Integer,
    "smallint": SmallInteger,
    "number": Float,
    "boolean": Boolean,
    "text": Text,
    "date": Date,
}


def _fact(dataset: Dataset, *constraints: CheckConstraint) -> Table:
    """Return the table of a data set, as it is declared in ``app.datasets``."""
    columns: list[Column[Any]] = [
        Column(field.name, _TYPES[field.type], nullable=not field.required, index=True if field.name == "person_id" else None)
        for field in dataset.stored
    ]
    written_by = Column("run_id", BigInteger, nullable=False, comment="the load that last wrote this row")
    return Table(dataset.table, Base.metadata, *columns, written_by, PrimaryKeyConstraint(*dataset.key), *constraints)


# [season, round, pick] is unique because its part [season, pick] is
draft_pick = _fact(DRAFT_PICKS, CheckConstraint("round between 1 and 12", name="round"), CheckConstraint("pick >= 1", name="pick"))
combine_entry = _fact(COMBINE)

facts: dict[str, Table] = {
    name: Base.metadata.tables[declared.table] if declared.table in Base.metadata.tables else _fact(declared)
    for name, declared in DATASETS.items()
}
"""The table of every data set, by the name of the data set."""

# --- read side, rewritten by each load ------------------------------------------------------------------------------------------


class DrillDistribution(Base):
    """How a value of a drill ranks among the entries of a position."""

    __tablename__ = "drill_distribution"

    scope: Mapped[str] = mapped_column(primary_key=True, comment="leaf or group")
    position: Mapped[str] = mapped_column(primary_key=True, comment="the leaf or the group")
    drill: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[float] = mapped_column(primary_key=True)
    lower: Mapped[int] = mapped_column(comment="entries with a lower value")
    equal: Mapped[int]
    total: Mapped[int] = mapped_column(comment="entries with any value")


prospect_row = Table(
    "prospect_row",
    Base.metadata,
    *(Column(field.name, _TYPES[field.type], nullable=field.name not in PROSPECTS.key) for field in NARROW),
    comment="prospects without their texts, for aggregates",
)

value_count = Table(
    "value_count",
    Base.metadata,
    Column("dataset", Text, nullable=False, comment="name of the data set, or prospects"),
    Column("field", Text, nullable=False),
    Column("counted_by", Text, nullable=False, comment="position or round: the other is null"),
    Column("position", Text),
    Column("round", Integer),
    Column("value", Float),
    Column("row_count", Integer, nullable=False),
    Column("first_name", Text, comment="of these rows, in the alphabet"),
    # the rows come in this order; an ordinary index takes twice as long to fill as the table
    Index("ix_value_count_field", "dataset", "field", "counted_by", postgresql_using="brin", postgresql_with={"pages_per_range": 8}),
    comment="how often each value occurs, for aggregates of all rows",
)

group_sum = Table(
    "group_sum",
    Base.metadata,
    Column("dataset", Text, nullable=False, comment="name of the data set, or prospects"),
    Column("summed_by", Text, nullable=False, comment="the columns that have values here: the others are null"),
    Column("season", Integer),
    Column("round", Integer),
    Column("position", Text),
    Column("franchise_id", SmallInteger),
    Column("row_count", Integer, nullable=False),
    Column("numbers", ARRAY(Float), nullable=False, comment="what app.aggregates.stored sums, in its order"),
    comment="sums of fields and of pairs of fields, for aggregates of all rows",
)

entry_score = Table(
    "entry_score",
    Base.metadata,
    Column("season", Integer),
    Column("person_id", Integer),
    Column("pos", Text),
    Column("mean", Float, comment="mean score of the measurements"),
    Column("athletic_score", Float),
    Column("athletic_n", Integer, nullable=False, comment="entries of the role that have a score"),
    PrimaryKeyConstraint("season", "person_id"),
    comment="Athletic Scores of combine entries",
)
Index("ix_entry_score_order", entry_score.c.athletic_score.desc().nulls_last(), entry_score.c.season, entry_score.c.person_id)

class_strength = Table(
    "class_strength",
    Base.metadata,
    Column("season", Integer),
    Column("group", Text),
    Column("measure", Text),
    Column("value", Float),
    Column("n", Integer, nullable=False),
    Column("before", Float),
    Column("classes_before", Integer, nullable=False),
    Column("difference", Float),
    Column("rank", Integer),
    Column("note", Text),
    PrimaryKeyConstraint("season", "group", "measure"),
    comment="what classes were worth, against those before",
)


class ReadModel(Base):
    """What a read model was made of; it is current while none of its data sets was loaded, or had people merged or split, since."""

    __tablename__ = "read_model"

    model: Mapped[str] = mapped_column(primary_key=True, comment="name of the table")
    dataset: Mapped[str] = mapped_column(primary_key=True, comment="name of the data set")
    version: Mapped[BigInt] = mapped_column(comment="as in dataset")
    updated_at: Mapped[datetime] = mapped_column(comment="as in dataset")
    definition: Mapped[int | None] = mapped_column(comment="of app.datasets.read_models; null when a release that has none filled it")


class SeasonCount(Base):
    """The rows of a season of a data set."""

    __tablename__ = "season_count"

    dataset: Mapped[str] = mapped_column(primary_key=True)
    season: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    row_count: Mapped[int]


class FieldCount(Base):
    """How many rows of a data set have a value in a field."""

    __tablename__ = "field_count"

    dataset: Mapped[str] = mapped_column(primary_key=True)
    field: Mapped[str] = mapped_column(primary_key=True)
    filled: Mapped[int] = mapped_column(comment="rows in which the field is not null")


class LoadedDataset(Base):
    """What is loaded of a data set."""

    __tablename__ = "dataset"

    dataset: Mapped[str] = mapped_column(primary_key=True, comment="name of the data set")
    version: Mapped[BigInt] = mapped_column(comment="grows with every load that changed a row")
    row_count: Mapped[int]
    synthetic: Mapped[bool]
    checksum: Mapped[str] = mapped_column(comment="sha256 of the file that was loaded last")
    run_id: Mapped[BigInt]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    first_run_id: Mapped[BigInt | None] = mapped_column(
        comment="the earliest load whose rows can still be read; later changes are in past_row"
    )
    traced_run_id: Mapped[BigInt | None] = mapped_column(
        comment="the latest load that kept past rows; not run_id after a load by an older release"
    )


# --- ledger ------------------------------------------------------------------------------------------------------------------


class LoadRun(Base):
    """One load of one data set, from its beginning to its outcome."""

    __tablename__ = "load_run"
    __table_args__ = (CheckConstraint("state in ('running', 'loaded', 'unchanged', 'skipped', 'held', 'failed')", name="state"),)

    run_id: Mapped[BigInt] = mapped_column(Identity(), primary_key=True)
    source: Mapped[str] = mapped_column(comment="name of the data set, or sample")
    dataset: Mapped[str] = mapped_column(comment="name of the data set")
    trigger: Mapped[str] = mapped_column(comment="command, schedule, start or rollback")
    state: Mapped[str] = mapped_column(comment="running, loaded, unchanged, skipped, held or failed")
    location: Mapped[str | None] = mapped_column(comment="file or address the data came from")
    file_format: Mapped[str | None] = mapped_column(comment="csv or parquet")
    checksum: Mapped[str | None]
    columns_checksum: Mapped[str | None] = mapped_column(comment="sha256 of the columns that were read, as the code declared them")
    byte_count: Mapped[BigInt | None]
    synthetic: Mapped[bool] = mapped_column(server_default=text("false"))
    rows_read: Mapped[int | None]
    rows_inserted: Mapped[int | None]
    rows_updated: Mapped[int | None]
    rows_deleted: Mapped[int | None]
    rows_unchanged: Mapped[int | None]
    rows_quarantined: Mapped[int | None]
    warning_count: Mapped[int] = mapped_column(server_default=text("0"))
    dataset_version: Mapped[BigInt | None]
    started_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    finished_at: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime | None] = mapped_column(comment="when the schedule tries again, after a load that did not succeed")
    step: Mapped[str | None] = mapped_column(comment="the step that is running, or that failed")
    error: Mapped[str | None] = mapped_column(comment="one sentence for people")
    timings: Mapped[dict[str, float]] = mapped_column(server_default=text("'{}'::jsonb"), comment="seconds per step")
    published_at: Mapped[datetime | None] = mapped_column(
        comment="when upstream published the file: Last-Modified, or the date in its name"
    )


class DatabaseBackup(Base):
    """What a round of backups has recorded about one backup."""

    __tablename__ = "database_backups"

    name: Mapped[str] = mapped_column(primary_key=True, comment="of its folder in the volume of the backups, whose records are the truth")
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    size_bytes: Mapped[BigInt | None]
    verified_at: Mapped[datetime | None] = mapped_column(comment="when restored copies of it had the same rows")
    problem: Mapped[str | None] = mapped_column(comment="why it is not verified, or no longer, in one sentence")
