"""The tables of the past: what loads have changed, and the rows as they were before."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Identity, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, BigInt


class ChangeEvent(Base):
    """One value that a load has changed, or one row that came or went."""

    __tablename__ = "change_event"
    __table_args__ = (
        Index("ix_change_event_dataset_season", "dataset", "season"),
        CheckConstraint("kind in ('added', 'changed', 'removed')", name="kind"),
    )

    event_id: Mapped[BigInt] = mapped_column(Identity(), primary_key=True)
    run_id: Mapped[BigInt] = mapped_column(index=True)
    dataset: Mapped[str]
    kind: Mapped[str] = mapped_column(comment="added, changed or removed")
    season: Mapped[int | None]
    pick: Mapped[int | None] = mapped_column(comment="of a draft pick")
    person_id: Mapped[int | None]
    name: Mapped[str]
    field: Mapped[str | None] = mapped_column(comment="null when a whole row was added or removed")
    old_value: Mapped[str | None]
    new_value: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class PastRow(Base):
    """A row of a data set as it was until a load changed or removed it."""

    __tablename__ = "past_row"
    __table_args__ = (Index("ix_past_row_dataset_until_run_id", "dataset", "until_run_id"),)

    dataset: Mapped[str] = mapped_column(primary_key=True, comment="name of the data set")
    key: Mapped[str] = mapped_column(primary_key=True, comment="the key of the row, its parts separated by slashes")
    until_run_id: Mapped[BigInt] = mapped_column(primary_key=True, autoincrement=False, comment="the load that changed or removed it")
    from_run_id: Mapped[BigInt] = mapped_column(comment="the load that had written it")
    past_person_id: Mapped[int | None] = mapped_column(index=True, comment="its person, who may not exist any more")
    content: Mapped[dict[str, float]] = mapped_column(comment="its columns without nulls and without run_id")
