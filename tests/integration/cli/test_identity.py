"""``dq identity``: conflicts, decisions, and what the API says of them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

from tests.integration.api.conftest import serve
from tests.integration.cli.conftest import Dq
from tests.support.waiting import until


async def _execute(dsn: str, statement: str, *values: object) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement, *values)
    finally:
        await connection.close()


def test_a_merge_and_its_undoing(dq: Dq, league: str, tmp_path: Path) -> None:
    """By way of the API, which notices both."""
    with serve(league, tmp_path) as api:
        [drafted] = api.items("prospects", measured="false", drafted="true", limit=1, season=2010)
        [measured] = api.items("prospects", measured="true", drafted="false", limit=1, season=2010)
        kept, other = str(drafted["person_id"]), str(measured["person_id"])
        assert api.v1(f"people/{other}").json()["former_ids"] == []
        change = "insert into change_event (run_id, dataset, kind, season, person_id, name) values (1, 'combine', 'added', 2010, $1, 'Odd')"
        asyncio.run(_execute(league, change, int(other)))
        columns = "(reason, id_type, value, person_id, other_person_id, run_id)"
        found = f"insert into identity_conflict {columns} values ('shared_id', 'pfr', 'X', $1, $2, 1)"
        asyncio.run(_execute(league, found, int(kept), int(other)))
        conflicts = api.v1("identity/conflicts", format="csv", state="open", fields="reason,value,person_id,other_person_id,state")
        assert conflicts.headers["content-type"].startswith("text/csv")
        assert conflicts.text == f"reason,value,person_id,other_person_id,state\nshared_id,X,{kept},{other},open\n"
        assert api.get("/api/v1/identity/conflicts", headers={"accept": "text/csv"}).text.startswith("conflict_id,reason,")
        assert api.get("/api/v1/identity/decisions", headers={"accept": "text/csv"}).status_code == 406

        merged = dq("identity", "merge", kept, other, "--reason", "seen on film", "--by", "ana", dsn=league)
        assert (merged.code, merged.out) == (0, f"Decision 1: {other} is {kept} now.\n"), merged.err
        until(lambda: api.v1(f"people/{other}").json()["person_id"] == int(kept), lambda: "the API does not know of the merge")
        person = api.v1(f"people/{other}").json()
        assert (person["person_id"], person["former_ids"], len(person["combine"])) == (int(kept), [int(other)], 1)
        assert api.v1(f"people/{other}/percentiles").json()["person_id"] == int(kept)
        assert [each["person_id"] for each in api.items("changes", person_id=kept)] == [int(other)]
        for path in ("draft-picks", "combine", "prospects", "players", "analytics/athletic-score"):
            assert [each["person_id"] for each in api.items(path, person_id=other)] == [int(kept)], path
        assert api.items("aggregate/combine", person_id=f"{other},{kept}") == [{"count": 1}]
        assert [each["person_id"] for each in api.items("changes", person_id=other)] == [int(other)]
        page = api.get(f"/people/{other}")
        assert (page.status_code, page.headers["location"], page.headers["cache-control"]) == (307, f"/people/{kept}", "no-cache")
        third = api.items("prospects", measured="true", season=2011, limit=1)[0]["person_id"]
        compared = api.v1("compare", ids=f"{other},{third},{kept}")
        assert [each["person_id"] for each in compared.json()["people"]] == [int(kept), third]
        beside = api.get(f"/compare?ids={other},{third}")
        assert (beside.status_code, f"person_id={kept},{third}&amp;format=csv" in beside.text) == (200, True)
        assert api.v1("compare", ids=f"{other},{kept}").status_code == 422
        assert api.get(f"/compare?ids={other},{kept}").status_code == 422
        again = dq("identity", "merge", kept, kept, "--reason", "x", dsn=league)
        assert (again.code, again.err) == (1, "Error: A person cannot be merged with itself. Name two people.\n")

        wrong = dq("identity", "split", kept, "--record", "combine/1999", "--reason", "x", dsn=league)
        assert wrong.err == f"Error: Person {kept} has no record combine/1999. Choose from draft_picks/2010, combine/2010, players.\n"
        apart = dq("identity", "split", kept, "--record", "combine/2010", "--reason", "a cousin", "--by", "ben", "--json", dsn=league)
        assert apart.value() == {"decision_id": 2, "person_id": int(kept), "other_person_id": int(other)}
        until(lambda: api.v1(f"people/{other}").json()["person_id"] == int(other), lambda: "the API does not know of the split")
        decisions = api.items("identity/decisions", sort="decision_id")
        told = [(each["kind"], each["reason"], each["decided_by"], each["revoked_by"]) for each in decisions]
        assert told == [("merge", "seen on film", "ana", 2), ("split", "a cousin", "ben", None)]
        assert dq("identity", "decisions", "--json", dsn=league).lines[-1]["decision_id"] == 1


@pytest.mark.real_data
def test_a_conflict_is_shown_with_both_sides_and_resolved(dq: Dq, real: str, tmp_path: Path) -> None:
    with serve(real, tmp_path) as api:
        [conflict] = [each for each in api.items("identity/conflicts", reason="other_build") if each["name"] == "Jarrett Patterson"]
        number = str(conflict["conflict_id"])
        shown = dq("identity", "show", number, dsn=real)
        assert shown.code == 0, shown.err
        height = next(line.split() for line in shown.out.splitlines() if line.startswith("height"))
        assert height == ["height", "77", "(2023)", "66", "(2021)", "no"]
        assert f"dq identity resolve {number} --same|--different" in shown.err
        page = api.get(f"/identity/{number}")
        assert page.status_code == 200
        assert "dq identity resolve" in page.text
        assert f'href="/identity/{number}"' in api.get("/identity").text
        assert api.get("/identity/999999").status_code == 404
        assert api.v1("identity/conflicts", state="shut").status_code == 422

        done = dq("identity", "resolve", number, "--different", "--reason", "eleven inches", "--by", "ana", dsn=real)
        assert done.code == 0, done.err
        address = f"identity/conflicts/{number}"
        until(lambda: api.v1(address).json()["conflict"]["state"] == "different_people", lambda: "the API does not know of the decision")
        assert "eleven inches" in api.get(f"/identity/{number}").text
        assert dq("identity", "conflicts", "--state", "open", "--person-id", str(conflict["person_id"]), "--json", dsn=real).lines == []
