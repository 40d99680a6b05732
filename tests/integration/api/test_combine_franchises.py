"""Field, group and filter ``franchise`` of the combine speak of the linked pick, whatever was recorded with the entry."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import asyncpg
import pytest

if TYPE_CHECKING:
    from tests.integration.api.conftest import Api


@pytest.fixture
def mixed_up(league: str) -> tuple[str, int]:
    """A league whose latest class has no draft results in the combine file, and an older entry that claims another's pick."""

    async def change() -> int:
        connection = await asyncpg.connect(league)
        await connection.execute(
            "update combine_entry set draft_team = null, draft_year = null where season = (select max(season) from combine_entry)"
        )
        stranger: int = await connection.fetchval("""
            update combine_entry set draft_team = 'Seattle Seahawks', draft_year = season where person_id = (
                select min(person_id) from combine_entry where person_id not in (select person_id from draft_pick)) returning person_id""")
        await connection.close()
        return stranger

    return league, asyncio.run(change())


def test_field_group_and_filter_agree(mixed_up: tuple[str, int], serving: Callable[[str], AbstractContextManager[Api]]) -> None:
    dsn, stranger = mixed_up
    with serving(dsn) as api:

        def rows(**filters: str) -> list[dict[str, object]]:
            lines = api.v1("combine", fields="person_id,season,franchise,draft_team", format="ndjson", **filters).text.splitlines()
            return [json.loads(line) for line in lines]

        every = rows()
        groups = {row["franchise"]: row["count"] for row in api.items("aggregate/combine", group_by="franchise")}
        assert groups == Counter(row["franchise"] for row in every)
        for franchise in [str(code) for code in groups if code][:3]:
            assert [row["franchise"] for row in rows(franchise=franchise)] == [franchise] * int(str(groups[franchise]))
        assert {row["person_id"] for row in rows(drafted="true")} == {row["person_id"] for row in every if row["franchise"]}
        newest = max(int(str(row["season"])) for row in every)
        assert any(row["franchise"] for row in every if row["season"] == newest)
        [undrafted] = [row for row in every if row["person_id"] == stranger]
        assert (undrafted["draft_team"], undrafted["franchise"]) == ("Seattle Seahawks", None)
