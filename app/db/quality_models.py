"""The tables about the quality of the data: what loads have found, and what people have decided about it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Identity, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, BigInt


class QualityIssue(Base):
    """One finding of a load."""

    __tablename__ = "quality_issue"
    __table_args__ = (CheckConstraint("severity in ('info', 'warning', 'quarantine', 'error')", name="severity"),)

    issue_id: Mapped[BigInt] = mapped_column(Identity(), primary_key=True)
    run_id: Mapped[BigInt] = mapped_column(index=True)
    dataset: Mapped[str]
    severity: Mapped[str] = mapped_column(comment="info, warning, quarantine or error")
    rule: Mapped[str]
    season: Mapped[int | None]
    entity: Mapped[str | None] = mapped_column(comment="which row: season/pick or season/name")
    field: Mapped[str | None]
    value: Mapped[str | None]
    expected: Mapped[int | None] = mapped_column(comment="the count that the value fell short of")
    message: Mapped[str]


class QualityAcknowledgement(Base):
    """A finding that a person has looked at. It is recognised by what it says, because each load writes its findings again."""

    __tablename__ = "quality_acknowledgement"
    __table_args__ = (UniqueConstraint("dataset", "rule", "season", "entity", "field", "value", postgresql_nulls_not_distinct=True),)

    acknowledgement_id: Mapped[BigInt] = mapped_column(Identity(), primary_key=True)
    dataset: Mapped[str]
    rule: Mapped[str]
    season: Mapped[int | None]
    entity: Mapped[str | None]
    field: Mapped[str | None]
    value: Mapped[str | None]
    reason: Mapped[str]
    acknowledged_by: Mapped[str]
    acknowledged_at: Mapped[datetime] = mapped_column(server_default=func.now())


class QualityDecision(Base):
    """What a person has decided about a finding. Rows are only added; the acknowledgement is what they amount to."""

    __tablename__ = "quality_decision"
    __table_args__ = (CheckConstraint("kind in ('acknowledge', 'withdraw')", name="kind"),)

    decision_id: Mapped[BigInt] = mapped_column(Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(comment="acknowledge or withdraw")
    dataset: Mapped[str]
    rule: Mapped[str]
    season: Mapped[int | None]
    entity: Mapped[str | None]
    field: Mapped[str | None]
    value: Mapped[str | None]
    reason: Mapped[str]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime] = mapped_column(server_default=func.now())
