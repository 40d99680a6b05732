"""The tables about who is who: conflicts, what people have decided about them, and the ids that lead to another person."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Identity, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, BigInt


class IdentityConflict(Base):
    """Two persons that one piece of evidence would make the same."""

    __tablename__ = "identity_conflict"
    __table_args__ = (
        UniqueConstraint("id_type", "value", "person_id", "other_person_id"),
        CheckConstraint("state in ('open', 'same_person', 'different_people')", name="state"),
    )

    conflict_id: Mapped[BigInt] = mapped_column(Identity(), primary_key=True)
    reason: Mapped[str] = mapped_column(comment="shared_id, slot_claimed_twice or ambiguous_name")
    id_type: Mapped[str] = mapped_column(comment="gsis, esb, pfr, cfb, slot or name")
    value: Mapped[str]
    person_id: Mapped[int] = mapped_column(index=True, comment="the person that keeps the claim")
    other_person_id: Mapped[int] = mapped_column(index=True, comment="the person that was kept apart")
    state: Mapped[str] = mapped_column(server_default=text("'open'"), comment="open, same_person or different_people")
    run_id: Mapped[BigInt]
    settled_run_id: Mapped[BigInt | None] = mapped_column(comment="the load after which it no longer held")


class IdentityDecision(Base):
    """What a person has decided about who is who; rows are only added, and a later one may revoke an earlier one."""

    __tablename__ = "identity_decision"
    __table_args__ = (CheckConstraint("kind in ('resolve', 'merge', 'split')", name="kind"),)

    decision_id: Mapped[BigInt] = mapped_column(Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(comment="resolve, merge or split")
    same_person: Mapped[bool] = mapped_column(comment="whether the records of both sides are one person's")
    kept_id: Mapped[int] = mapped_column(comment="the person of one side, as it was then")
    other_id: Mapped[int] = mapped_column(comment="the person of the other side, as it was then")
    conflict_id: Mapped[BigInt | None] = mapped_column(comment="the conflict that was resolved")
    reason: Mapped[str]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime] = mapped_column(server_default=func.now())
    revoked_by: Mapped[BigInt | None] = mapped_column(comment="the later decision that contradicts this one")


class IdentityRecord(Base):
    """A record that a decision names, so that every load can apply it."""

    __tablename__ = "identity_record"

    decision_id: Mapped[BigInt] = mapped_column(primary_key=True, autoincrement=False)
    dataset: Mapped[str] = mapped_column(primary_key=True)
    record: Mapped[str] = mapped_column(primary_key=True, comment="what the source calls the row: season, slot, name, college or id")
    is_other: Mapped[bool] = mapped_column(comment="whether it is of the other side")
    holder_id: Mapped[int] = mapped_column(comment="the person whose record it was last")


class FormerPerson(Base):
    """An id that a person had before another one took over the records."""

    __tablename__ = "former_person"

    former_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    successor_id: Mapped[int] = mapped_column(index=True, comment="the person who has the records now")
