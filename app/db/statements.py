"""SQLAlchemy Core statements compiled once to the SQL that asyncpg runs.

Building and compiling a statement costs more than running it, so the callers build each shape once, keep the ``Statement`` and pass
values by name afterwards.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Float, Numeric, Select, cast, func, literal_column
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect
from sqlalchemy.sql import ClauseElement

Query: TypeAlias = Select[*tuple[Any, ...]]

_DIALECT = asyncpg_dialect.dialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with ``$1…`` placeholders, and the names of the values they stand for."""

    sql: str
    names: tuple[str, ...] = ()
    defaults: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    def arguments(self, values: Mapping[str, object]) -> list[object]:
        """Return the values in the order of the placeholders.

        Raises:
            KeyError: a placeholder without a value.
        """
        defaults = self.defaults
        return [values[name] if name in values else defaults[name] for name in self.names]


def compile_statement(clause: ClauseElement) -> Statement:
    """Compile for asyncpg. Literals inside the clause become defaults; ``bindparam`` names are filled in per call."""
    compiled = clause.compile(dialect=_DIALECT)
    names = tuple(getattr(compiled, "positiontup", None) or ())
    literals = {name: value for name, value in compiled.params.items() if value is not None}
    return Statement(sql=str(compiled), names=names, defaults=MappingProxyType(literals))


def rounded(value: ColumnElement[Any], digits: int) -> ColumnElement[float]:
    """Round half up, as people do, and not to the even neighbour."""
    return cast(func.round(cast(value, Numeric), literal_column(str(digits))), Float)
