"""Conflicts, decisions and ids as lists, and what one conflict is about."""

from sqlalchemy import BigInteger, ColumnElement, FromClause, Integer, Text, and_, bindparam, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.orm import aliased

from app.datasets.person_ids import ID_TYPES, SEPARATOR
from app.datasets.person_ids import PERSON_IDS as DATASET
from app.db.identity_models import FormerPerson, IdentityConflict, IdentityDecision
from app.db.models import ExternalId, Person
from app.db.statements import compile_statement
from app.listing.derived import listing
from app.listing.filters import among, is_person, one_of
from app.listing.model import FieldInfo, Join, Kind, Source, described, plain_listing
from app.listing.select import select_fields
from app.people.queries import conflict_state

REASONS = ("shared_id", "slot_claimed_twice", "slot_contradicted", "other_build", "ambiguous_name")
STATES = ("open", "settled", "same_person", "different_people")

CONFLICT_FIELDS = described(
    FieldInfo("conflict_id", Kind.INTEGER, "number of the conflict", required=True, example=7),
    FieldInfo(
        "reason",
        Kind.TEXT,
        "shared_id: both have the id; slot_claimed_twice: two entries name one slot; slot_contradicted: everything else speaks against the "
        "slot; other_build: two visits differ more than one body can; ambiguous_name: the evidence almost suffices",
        required=True,
        example="shared_id",
    ),
    FieldInfo("id_type", Kind.TEXT, "what both claim: gsis, esb, pfr, cfb, slot or name", required=True, example="pfr"),
    FieldInfo("value", Kind.TEXT, "the id, the slot as season/pick, or the name that was compared", required=True, example="CartCh00"),
    FieldInfo("state", Kind.TEXT, "open, same_person, different_people, or settled: it no longer holds", required=True, example="open"),
    FieldInfo("person_id", Kind.INTEGER, "the person that keeps the claim", required=True, example=8992),
    FieldInfo("name", Kind.TEXT, "name of that person; null after a merge", example="Chris Carter"),
    FieldInfo("other_person_id", Kind.INTEGER, "the person that was kept apart", required=True, example=14089),
    FieldInfo("other_name", Kind.TEXT, "name of that person; null after a merge", example="Chris Carter"),
    FieldInfo("run_id", Kind.INTEGER, "the load that found it, see /etl/runs/{run_id}", required=True, example=2),
)


def _conflicts(base: FromClause) -> Source:
    person, other = aliased(Person.__table__, name="keeper"), aliased(Person.__table__, name="other")
    own = (name for name in CONFLICT_FIELDS if name not in ("state", "name", "other_name"))
    return Source(
        base,
        {**{name: base.c[name] for name in own}, "state": conflict_state(base), "name": person.c.name, "other_name": other.c.name},
        joins={
            "person": Join(person, person.c.person_id == base.c.person_id),
            "other": Join(other, other.c.person_id == base.c.other_person_id),
        },
        needs={"name": "person", "other_name": "other"},
    )


def _in_state(base: FromClause) -> ColumnElement[bool]:
    return conflict_state(base) == func.any(bindparam("state", type_=ARRAY(Text)))


CONFLICTS = plain_listing(
    name="identity_conflicts",
    table=IdentityConflict.__table__,
    source=_conflicts,
    fields=CONFLICT_FIELDS,
    tie_break=("conflict_id",),
    default_sort="conflict_id",
    filters={
        "state": _in_state,
        "reason": one_of("reason", "reason"),
        "person_id": is_person("person_id", "other_person_id"),
    },
)

DECISION_FIELDS = described(
    FieldInfo("decision_id", Kind.INTEGER, "number of the decision", required=True, example=1),
    FieldInfo("kind", Kind.TEXT, "resolve, merge or split", required=True, example="resolve"),
    FieldInfo("same_person", Kind.BOOLEAN, "whether both sides are one person", required=True, example=False),
    FieldInfo("kept_id", Kind.INTEGER, "the person of one side, as it was then", required=True, example=8992),
    FieldInfo("other_id", Kind.INTEGER, "the person of the other side, as it was then", required=True, example=14089),
    FieldInfo("conflict_id", Kind.INTEGER, "the conflict that it resolved", example=7),
    FieldInfo("reason", Kind.TEXT, "why", required=True, example="different colleges, eleven inches apart"),
    FieldInfo("decided_by", Kind.TEXT, "who decided", required=True, example="ana"),
    FieldInfo("decided_at", Kind.TIMESTAMP, "when", required=True, example="2026-05-06T09:00:00Z"),
    FieldInfo("revoked_by", Kind.INTEGER, "the later decision that contradicts it; null while it stands"),
)
DECISIONS = plain_listing(
    name="identity_decisions",
    table=IdentityDecision.__table__,
    fields=DECISION_FIELDS,
    tie_break=("decision_id",),
    default_sort="-decision_id",
    filters={"conflict_id": among("conflict_id", "conflict_id"), "kind": one_of("kind", "kind")},
)

ID_FIELDS = described(
    FieldInfo("person_id", Kind.INTEGER, "ours, see /people/{person_id}", required=True, example=11120),
    FieldInfo("name", Kind.TEXT, "name as most recently recorded", required=True, example="Joe Burrow"),
    FieldInfo("id_type", Kind.TEXT, "gsis, esb, pfr or cfb", required=True, example="pfr"),
    FieldInfo("value", Kind.TEXT, "the id", required=True, example="BurrJo01"),
    FieldInfo("first_season", Kind.INTEGER, "earliest class in which it was used for this person", required=True, example=2020),
    FieldInfo("last_season", Kind.INTEGER, "latest class in which it was used for this person", required=True, example=2020),
)


def _ids(base: FromClause) -> Source:
    person = aliased(Person.__table__, name="owner")
    return Source(
        base,
        {**{name: base.c[name] for name in ID_FIELDS if name != "name"}, "name": person.c.name},
        joins={"person": Join(person, person.c.person_id == base.c.person_id)},
        needs={"name": "person"},
    )


PERSON_IDS = plain_listing(
    name="person_ids",
    table=ExternalId.__table__,
    source=_ids,
    fields=ID_FIELDS,
    tie_break=("person_id", "id_type", "value"),
    default_sort="person_id,id_type",
    filters={
        "person_id": is_person(),
        "id_type": one_of("id_type", "id_type"),
        "value": one_of("value", "value"),
    },
)


def _by_person() -> FromClause:
    """Return a row per person, with the ids of each kind and the former ones as texts."""
    known, former, person = ExternalId.__table__.c, FormerPerson.__table__.c, Person.__table__.c
    separator = literal_column(f"'{SEPARATOR}'", Text)
    values = func.string_agg(known.value, aggregate_order_by(separator, known.first_season, known.value))
    columns = (values.filter(known.id_type == literal_column(f"'{kind}'", Text)).label(f"{kind}_id") for kind in ID_TYPES)
    ids = select(known.person_id, *columns).group_by(known.person_id).subquery("ids")
    numbers = func.string_agg(cast(former.former_id, Text), aggregate_order_by(separator, former.former_id)).label("former_ids")
    others = select(former.successor_id, numbers).group_by(former.successor_id).subquery("former")
    own = (person[name] for name in ("person_id", "name", "first_season", "last_season"))
    return (
        select(*own, *(ids.c[f"{kind}_id"] for kind in ID_TYPES), others.c.former_ids)
        .select_from(Person.__table__)
        .outerjoin(ids, ids.c.person_id == person.person_id)
        .outerjoin(others, others.c.successor_id == person.person_id)
        .subquery("by_person")
    )


IDS_BY_PERSON = listing(DATASET, _by_person())
"""The rows of the export of ids."""


CONFLICT = compile_statement(
    select_fields(CONFLICTS, CONFLICTS.table, CONFLICT_FIELDS).where(
        IdentityConflict.conflict_id == bindparam("conflict_id", type_=BigInteger)
    )
)
#: Decisions about these two people, or about the conflict itself.
DECISIONS_ABOUT = compile_statement(
    select(*(IdentityDecision.__table__.c[name] for name in DECISION_FIELDS))
    .where(
        (IdentityDecision.conflict_id == bindparam("conflict_id", type_=BigInteger))
        | and_(
            IdentityDecision.kept_id.in_((bindparam("one", type_=Integer), bindparam("two", type_=Integer))),
            IdentityDecision.other_id.in_((bindparam("one", type_=Integer), bindparam("two", type_=Integer))),
        )
    )
    .order_by(IdentityDecision.decision_id)
)
