"""Identity as clients see it: the ids of all people."""

from __future__ import annotations

from tests.integration.api.conftest import Api


def test_ids_of_all_people_as_a_file(league_api: Api) -> None:
    rows = league_api.get("/api/v1/person-ids?format=csv").text.splitlines()
    assert rows[0] == "person_id,name,id_type,value,first_season,last_season"
    assert len(rows) - 1 == league_api.v1("person-ids", limit=1).json()["total"] > 2000
    [one] = league_api.items("person-ids", value=rows[1].split(",")[3])
    assert str(one["person_id"]) == rows[1].split(",")[0]
