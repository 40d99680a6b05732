"""PostgreSQL plans a page of one season once per connection, not for every request."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from app.context import ServiceContext
from app.datasets import DATASETS
from app.db.engine import create_engine
from app.draft_picks.queries import LISTING
from app.draft_picks.schemas import DraftPickParameters
from app.listing.query import query_list


@pytest.mark.parametrize("filters", [{"season": (2010,)}, {"season": (2010,), "round": (1,)}, {"pick": (1,)}, {"franchise": ("chiefs",)}])
def test_the_plan_of_a_page_is_kept(real_dsn: str, filters: dict[str, tuple[object, ...]]) -> None:
    async def plans() -> asyncpg.Record:
        engine = create_engine(real_dsn, max_size=1)
        try:
            context = ServiceContext(engine)
            query = await query_list(context, DATASETS["draft_picks"], LISTING, DraftPickParameters(**filters))
            for _ in range(12):
                assert (await query.page()).total > 0
            async with context.database.connection() as connection:
                [plan] = await connection.fetch(
                    "select generic_plans, custom_plans from pg_prepared_statements where statement like $1", "%page%"
                )
            return plan
        finally:
            await engine.dispose()

    assert asyncio.run(plans())["generic_plans"] > 0
