"""Bulk load: a table that is empty when a load begins is filled without its indexes, which are built once at the end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg
import polars as pl

#: What to drop before a table is filled and how to make it again: its indexes, but for those that a foreign key of another table needs.
_INDEXES = """
    select case when k.oid is null then format('drop index %I', c.relname)
            else format('alter table %s drop constraint %I', i.indrelid::regclass, k.conname) end as drop,
        case when k.oid is null then pg_get_indexdef(i.indexrelid)
            else format('alter table %s add constraint %I %s', i.indrelid::regclass, k.conname, pg_get_constraintdef(k.oid)) end as build
    from pg_index i
    join pg_class c on c.oid = i.indexrelid
    left join pg_constraint k on k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x')
    where i.indrelid = $1::regclass and not exists (select from pg_constraint f where f.conindid = i.indexrelid and f.contype = 'f')
    order by c.relname
"""


@dataclass(slots=True)
class Emptied:
    """The tables that ``begin_empty_tables`` has prepared, and the statements that recreate their indexes."""

    tables: set[str] = field(default_factory=set)
    rebuild: list[str] = field(default_factory=list)


class _NoLongerEmpty(Exception):
    """A row was inserted between the check and the lock; the savepoint releases the lock."""


@asynccontextmanager
async def _savepoint(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """Roll back the block if the table cannot be locked.

    The driver's own savepoint would stay open in that case: everything that follows would be part of it, and PostgreSQL does not freeze
    rows that are copied into a table truncated before the savepoint.
    """
    await connection.execute("savepoint emptying")
    try:
        yield
    except (asyncpg.LockNotAvailableError, _NoLongerEmpty):
        await connection.execute("rollback to savepoint emptying")
        await connection.execute("release savepoint emptying")
        raise
    await connection.execute("release savepoint emptying")


async def _refuse_rows(connection: asyncpg.Connection, table: str) -> None:
    if await connection.fetchval(f"select exists (select from {table})"):
        raise _NoLongerEmpty


async def begin_empty_tables(connection: asyncpg.Connection, tables: tuple[str, ...]) -> Emptied:
    """Prepare those of ``tables`` that hold no row for a bulk load.

    An empty table is truncated (with ``wal_level=minimal`` PostgreSQL then writes its rows to the table only, not to the log as well) and
    its indexes are built once at the end instead of row by row, which also proves that keys are unique. A table that is being read is left
    as it is; later readers wait until the load ends.
    """
    emptied = Emptied()
    for table in tables:
        if await connection.fetchval(f"select exists (select from {table})"):
            continue
        try:
            async with _savepoint(connection):
                await connection.execute(f"lock table {table} in access exclusive mode nowait")
                await _refuse_rows(connection, table)
                await connection.execute(f"truncate {table}")
                for index in await connection.fetch(_INDEXES, table):
                    await connection.execute(index["drop"])
                    emptied.rebuild.append(index["build"])
        except (asyncpg.LockNotAvailableError, _NoLongerEmpty):
            continue
        emptied.tables.add(table)
    return emptied


async def all_exist(connection: asyncpg.Connection, person_ids: pl.Series, made: range) -> bool:
    """Check that every id belongs to a person.

    The ids of ``made`` were written by this load. The others are counted: if their range has no gap in ``person``, all of them exist.
    Person ids are consecutive, so this holds after a first load, and costs a tenth of looking up each id. False proves nothing.
    """
    if person_ids.null_count():
        return False
    others = person_ids.filter(~person_ids.is_between(made.start, made.stop, closed="left")) if made else person_ids
    low, high = others.min(), others.max()
    if not isinstance(low, int) or not isinstance(high, int):
        return len(others) == 0
    there: int = await connection.fetchval("select count(*) from person where person_id between $1 and $2", low, high)
    return there == high - low + 1
