"""`make bench` compares with an application written the plain way: the comparison means something if both give the same answers."""

from __future__ import annotations

import httpx
import pytest

from benchmarks import peer
from tests.integration.api.conftest import Api


@pytest.mark.anyio
async def test_the_plain_way_answers_the_same(league_api: Api, league: str) -> None:
    transport = httpx.ASGITransport(peer.create_app(league))
    async with httpx.AsyncClient(transport=transport, base_url="http://peer") as plain:
        ours = league_api.v1("draft-picks", season=2020, limit=50).json()
        theirs = (await plain.get("/draft-picks?season=2020&limit=50")).json()
        assert theirs["items"]
        assert {name: ours[name] for name in theirs} == theirs
        for each in league_api.items("combine", drafted="true", season_min=2010, season_max=2020, limit=3, fields="person_id"):
            person = (await plain.get(f"/people/{each['person_id']}")).json()
            found = league_api.v1(f"people/{each['person_id']}").json()
            assert person["selections"]
            del person["conflicts"]  # the product's also have what speaks for either side
            assert {name: found[name] for name in person} == person
