"""SQLAlchemy Core statements compiled once to the SQL that asyncpg runs.

Building and compiling a statement costs more than running it, so the callers build each shape once, keep the ``Statement`` and pass
values by name afterwards.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Float, Numeric, Select, cast, func, literal_column
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect
from sqlalchemy.sql import ClauseElement

Query: TypeAlias = Select[*tuple[Any, ...]]

_DIALECT = asyncpg_dialect.dialect()  # type: ignore[no-untyped-call]


class Statement:
    """SQL with ``$1…`` placeholders, and the names of the values they stand for.

    It is compiled when it is first run: a process runs few of its statements, and to compile all of them took a tenth of its start.
    """

    def __init__(self, clause: ClauseElement) -> None:
        self._clause = clause

    @cached_property
    def _compiled(self) -> tuple[str, tuple[str, ...], Mapping[str, object]]:
        compiled = self._clause.compile(dialect=_DIALECT)
        del self._clause  # the tree takes more memory than its SQL
        names = tuple(getattr(compiled, "positiontup", None) or ())
        return str(compiled), names, {name: value for name, value in compiled.params.items() if value is not None}

    @property
    def sql(self) -> str:
        """The text that PostgreSQL gets."""
        return self._compiled[0]

    def arguments(self, values: Mapping[str, object]) -> list[object]:
        """Return the values in the order of the placeholders.

        Raises:
            KeyError: a placeholder without a value.
        """
        _, names, defaults = self._compiled
        return [values[name] if name in values else defaults[name] for name in names]


def compile_statement(clause: ClauseElement) -> Statement:
    """Return what asyncpg runs. Literals inside the clause become defaults; ``bindparam`` names are filled in per call."""
    return Statement(clause)


def rounded(value: ColumnElement[Any], digits: int) -> ColumnElement[float]:
    """Round half up, as people do, and not to the even neighbour."""
    return cast(func.round(cast(value, Numeric), literal_column(str(digits))), Float)
