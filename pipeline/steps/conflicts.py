"""Keep what is noted about identity true: conflicts that no longer hold are settled, and former ids lead to the person of today."""

import asyncpg

from app.datasets import DATASETS
from app.datasets.model import Dataset

#: The data sets whose rows define a person.
PEOPLE = tuple(dataset for dataset in DATASETS.values() if dataset.people is not None)
#: SQL: the key under which names are compared, as ``match_keys`` makes it.
_MATCH_KEY = "replace(regexp_replace(n.name_key, ' (jr|sr|ii|iii|iv|v)$', ''), ' ', '')"


def _claims(person: str) -> str:
    """Return SQL: a record of the person has the id of the conflict ``c``."""
    columns: dict[str, list[str]] = {}
    for dataset in PEOPLE:
        for id_type, column in dataset.persons.ids:
            columns.setdefault(dataset.table, []).append(f"(c.id_type = '{id_type}' and t.{column} = c.value)")
            if id_type == "gsis":  # the column mixes two systems
                columns[dataset.table].append(f"(c.id_type = 'esb' and t.{column} = c.value)")
    return " or ".join(
        f"exists (select from {table} t where t.person_id = {person} and ({' or '.join(tests)}))" for table, tests in columns.items()
    )


def _record(table: str, person: str) -> str:
    return f"exists (select from {table} t where t.person_id = {person})"


#: SQL: the conflict ``c`` holds, by what its evidence is. A doubt about a name ends when both people have a record of the same kind: then
#: the one that was looked for has been found.
_HOLDS = f"""
    case c.id_type
    when 'slot' then exists (select from combine_entry e join draft_pick d on d.season = e.draft_year and d.pick = e.draft_ovr
        where e.person_id = c.other_person_id and d.person_id = c.person_id and concat(d.season, '/', d.pick) = c.value)
    when 'name' then exists (select from person n where n.person_id = c.person_id)
        and exists (select from (select person_id, name_key from person union all select person_id, name_key from person_alias) n
            where n.person_id = c.other_person_id and {_MATCH_KEY} = c.value)
        and not ({" or ".join(f"({_record(d.table, 'c.person_id')} and {_record(d.table, 'c.other_person_id')})" for d in PEOPLE)})
    else ({_claims("c.person_id")}) and ({_claims("c.other_person_id")})
    end
"""


#: SQL: the people of today who are different by a standing decision.
_DIFFERENT = """
    select distinct one.holder_id as kept_id, other.holder_id as other_id from identity_decision i
    join identity_record one using (decision_id) join identity_record other using (decision_id)
    where not i.same_person and i.revoked_by is null and not one.is_other and other.is_other and one.holder_id <> other.holder_id
"""


async def settle_conflicts(connection: asyncpg.Connection, run_id: int) -> None:
    """Close the open conflicts that no longer hold, and apply what was decided about two people to their new conflicts."""
    await connection.execute(
        f"update identity_conflict c set settled_run_id = $1 where c.state = 'open' and c.settled_run_id is null and not ({_HOLDS})", run_id
    )
    await connection.execute(
        f"update identity_conflict c set state = 'different_people' from ({_DIFFERENT}) d where c.state = 'open'"
        " and (c.person_id, c.other_person_id) in ((d.kept_id, d.other_id), (d.other_id, d.kept_id))"
    )
    # an id that both have stays with the person who was kept
    await connection.execute(
        f"delete from external_id e using ({_DIFFERENT}) d, external_id k where e.person_id = d.other_id and k.person_id = d.kept_id"
        " and (e.id_type, e.value) = (k.id_type, k.value)"
    )


async def remember_former(connection: asyncpg.Connection, dataset: Dataset) -> None:
    """Remember whose records another person takes over: ``delta`` has the rows of the same key and name, for other people."""
    keys = [name for name in dataset.key if name != "person_id"]
    same = " and ".join(f"d.{name} = t.{name}" for name in (*keys, dataset.persons.name))
    stored = " and ".join(f"r.{name} = t.{name}" for name in dataset.key)
    await connection.execute(
        "insert into former_person (former_id, successor_id) select t.person_id, min(d.person_id)"
        f" from {dataset.table} t join released r on {stored} join delta d on {same} and not d.vanished and d.person_id <> t.person_id"
        " group by t.person_id having count(distinct d.person_id) = 1"
        " on conflict (former_id) do update set successor_id = excluded.successor_id"
    )


async def forget_living(connection: asyncpg.Connection) -> None:
    """Forget the former ids of people who still have records, and let every other one lead to the person of today."""
    await connection.execute("delete from former_person f using person p where p.person_id = f.former_id")
    await connection.execute(
        "update former_person f set successor_id = n.successor_id from former_person n where n.former_id = f.successor_id"
    )
