"""How a domain describes its list: the fields it shows, where they come from, and what can be filtered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import ColumnElement, FromClause

Scalar = str | int | float | bool | None
Row = dict[str, Scalar]


class Kind(StrEnum):
    """The JSON type of a field."""

    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TEXT = "string"
    TIMESTAMP = "timestamp"


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """What the outside may know about a field. A ``required`` field is never null."""

    name: str
    kind: Kind
    description: str
    required: bool = False
    example: Scalar = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Join:
    """A table that adds fields to the base; every row of the base matches at most one of its rows."""

    target: FromClause
    on: ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Source:
    """The base with its joins: an expression per field and the join each one needs (none: the base has it)."""

    base: FromClause
    expressions: Mapping[str, ColumnElement[object]]
    joins: Mapping[str, Join] = field(default_factory=dict)
    needs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """Everything the engine must know about one list.

    ``source`` describes the base table, or a sub-query with the same columns. ``filters`` make a condition on the base from bind
    parameters that carry the filter's own name; ``filters_as_of`` and ``source_as_of`` are those that read rows of another data set, as of
    a load; ``filtered_by`` names the data sets that the former read. ``tie_break`` are never-null fields that together are unique.
    ``plain`` is a table with the same rows, without what ``table`` computes for them: they are counted there, unless a filter is among
    ``computed``. ``table_as_of`` has the rows as of a load where they are not those of a data set.
    """

    name: str
    table: FromClause
    source: Callable[[FromClause], Source]
    fields: Mapping[str, FieldInfo]
    default_fields: tuple[str, ...]
    export_fields: tuple[str, ...]
    tie_break: tuple[str, ...]
    filters: Mapping[str, Callable[[FromClause], ColumnElement[bool]]]
    default_sort: str = ""
    filters_as_of: Mapping[str, Callable[[FromClause], ColumnElement[bool]]] = field(default_factory=dict)
    filtered_by: tuple[str, ...] = ()
    source_as_of: Callable[[FromClause], Source] | None = None
    plain: FromClause | None = None
    computed: frozenset[str] = frozenset()
    table_as_of: FromClause | None = None

    def counted(self, filters: frozenset[str]) -> FromClause:
        """Return the table whose rows are counted."""
        return self.table if self.plain is None or filters & self.computed else self.plain


def plain_listing(
    name: str,
    table: FromClause,
    fields: Mapping[str, FieldInfo],
    tie_break: tuple[str, ...],
    default_sort: str,
    filters: Mapping[str, Callable[[FromClause], ColumnElement[bool]]],
    source: Callable[[FromClause], Source] | None = None,
) -> Listing:
    """Describe a list whose fields are all shown and exported; unless ``source`` is given, they are the columns of its table."""

    def columns(base: FromClause) -> Source:
        return Source(base, {each: base.c[each] for each in fields})

    return Listing(name, table, source or columns, fields, tuple(fields), tuple(fields), tie_break, filters, default_sort)


def described(*fields: FieldInfo) -> dict[str, FieldInfo]:
    """Map fields by name, in the given order."""
    return {each.name: each for each in fields}
