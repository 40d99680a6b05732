"""Change events: one per changed field, and one per added or removed row; and the rows as they were before."""

from collections.abc import Iterable

import asyncpg

from app.datasets.model import Dataset

_TARGET = "insert into change_event (run_id, dataset, season, pick, person_id, name, kind, field, old_value, new_value)"


async def keep_past(connection: asyncpg.Connection, dataset: Dataset, run_id: int, where: str) -> None:
    """Keep the stored rows ``t`` that this load is about to change or remove; ``where`` is the end of the query for them.

    Together with the rows that stay, they are all rows as of any load: a row holds from the load that wrote it until this one.
    """
    key = ", ".join(f"t.{column}" for column in dataset.key)
    person = "t.person_id" if any(field.name == "person_id" for field in dataset.stored) else "null"
    await connection.execute(
        "insert into past_row (dataset, key, until_run_id, from_run_id, past_person_id, content)"
        f" select '{dataset.name}', concat_ws('/', {key}), $1, t.run_id, {person}, jsonb_strip_nulls(to_jsonb(t)) - 'run_id'"
        f" from {dataset.table} t {where}",
        run_id,
    )


async def move_past(connection: asyncpg.Connection, dataset: Dataset, condition: str, old: int, new: int, *arguments: object) -> None:
    """Give past rows that meet the condition to another person: who is who is as known today, also in the past."""
    key = ", ".join("$2::int" if column == "person_id" else f"content->>'{column}'" for column in dataset.key)
    await connection.execute(
        f"update past_row set past_person_id = $2::int, key = concat_ws('/', {key}),"
        " content = content || jsonb_build_object('person_id', $2::int)"
        f" where dataset = '{dataset.name}' and past_person_id = $1 and {condition}",
        old,
        new,
        *arguments,
    )


async def record_changes(connection: asyncpg.Connection, dataset: Dataset, run_id: int, fields: Iterable[str]) -> None:
    """Record what ``delta`` changes in the table, for these fields."""
    compared = ", ".join(f"""('{c}', t."{c}"::text, d."{c}"::text)""" for c in fields)
    on_key = " and ".join(f"t.{column} = d.{column}" for column in dataset.key)
    await connection.execute(
        f"{_TARGET} select {_row(dataset)}, 'changed', v.field, v.old, v.new from delta d join {dataset.table} t on {on_key}"
        f" cross join lateral (values {compared}) v(field, old, new) where not d.vanished and v.old is distinct from v.new",
        run_id,
    )
    await connection.execute(
        f"{_TARGET} select {_row(dataset)}, case when d.vanished then 'removed' else 'added' end, null, null, null"
        " from delta d where d.vanished or not d.stored",
        run_id,
    )


async def record_added(connection: asyncpg.Connection, dataset: Dataset, run_id: int, seasons: list[int]) -> None:
    """Record an event for each row of a season that is new to the database; a very first load has no events."""
    await connection.execute(
        f"{_TARGET} select {_row(dataset)}, 'added', null, null, null from {dataset.table} d where d.{dataset.season} = any($2::int[])",
        run_id,
        seasons,
    )


def _row(dataset: Dataset) -> str:
    """Return SQL for load, data set, season, pick, person and name of the row ``d``; a row without a name is labelled by its key."""
    season = f"d.{dataset.season}" if dataset.season is not None else "null::int"
    pick = "d.pick" if "pick" in dataset.key else "null::int"
    person = "d.person_id" if any(field.name == "person_id" for field in dataset.stored) else "null::int"
    name = f"d.{dataset.people.name}" if dataset.people is not None else f"concat_ws('/', {', '.join(f'd.{c}' for c in dataset.key)})"
    return f"$1, '{dataset.name}', {season}, {pick}, {person}, {name}"
