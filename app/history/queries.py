"""Rows as they were: those that are stored, and those that loads have changed or removed since."""

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Table,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal_column,
    null,
    select,
    union,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from app.datasets import DATASETS
from app.datasets.model import Dataset
from app.db.history_models import PastRow
from app.db.identity_models import FormerPerson
from app.db.models import LoadRun, Person, facts
from app.db.statements import Query, compile_statement
from app.listing.past import past_rows

_PERSON_ID = bindparam("person_id", type_=Integer)
#: The data sets whose rows belong to people.
OF_PEOPLE = {name: dataset for name, dataset in DATASETS.items() if "person_id" in facts[name].c}


def _text(value: str) -> ColumnElement[str]:
    return literal_column(f"'{value}'", Text)


def _key(dataset: Dataset, row: FromClause) -> ColumnElement[str]:
    """Return the key as ``past_row`` has it."""
    return func.concat_ws(_text("/"), *(row.c[name] for name in dataset.key))


def _current(dataset: Dataset, table: Table) -> Query:
    """Select a stored row with its key, the load that wrote it and its content."""
    content = func.jsonb_strip_nulls(func.to_jsonb(table.table_valued())).op("-")(_text("run_id"))
    return select(
        _text(dataset.name).label("dataset"),
        _key(dataset, table).label("key"),
        table.c.run_id.label("from_run"),
        cast(null(), BigInteger).label("until_run"),
        cast(content, Text).label("content"),
    )


def _of_person() -> Query:
    """Select every version of every row that is or was the person's, also as another person's."""
    stored, keys = [], [select(PastRow.dataset, PastRow.key).where(PastRow.past_person_id == _PERSON_ID)]
    for name, dataset in OF_PEOPLE.items():
        table = facts[name]
        past, record = past_rows(dataset)
        same = and_(*(table.c[each] == record.c[each] for each in dataset.key))
        stored += [
            _current(dataset, table).where(table.c.person_id == _PERSON_ID),
            _current(dataset, table).select_from(past.join(table, same)).where(PastRow.past_person_id == _PERSON_ID),
        ]
        keys.append(select(_text(name), _key(dataset, table)).where(table.c.person_id == _PERSON_ID))
    mine = union(*keys).subquery("mine")
    ended = select(PastRow.dataset, PastRow.key, PastRow.from_run_id, PastRow.until_run_id, cast(PastRow.content, Text)).join(
        mine, and_(mine.c.dataset == PastRow.dataset, mine.c.key == PastRow.key)
    )
    return union_all(union(*stored), ended).subquery("versions").select().order_by("dataset", "key", "from_run", "until_run")


VERSIONS = compile_statement(_of_person())
#: The person of today of a former id.
SUCCESSOR = compile_statement(select(FormerPerson.successor_id).where(FormerPerson.former_id == _PERSON_ID))
NAME = compile_statement(select(Person.name).where(Person.person_id == _PERSON_ID))
_SHOWN = ("run_id", "dataset", "location", "file_format", "checksum", "published_at", "started_at", "finished_at", "synthetic")
LOADS = compile_statement(
    select(*(LoadRun.__table__.c[name] for name in _SHOWN))
    .where(LoadRun.run_id == func.any(bindparam("run_ids", type_=ARRAY(BigInteger))))
    .order_by(LoadRun.run_id)
)
