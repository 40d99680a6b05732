"""``dq hit-rates``: the share of selections that were hits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.lists import table_command

if TYPE_CHECKING:
    from app.value.schemas import HitParameters
    from cli.lists import Computed


def _load() -> Computed[HitParameters]:
    from app.value.schemas import HitRateParameters
    from app.value.service import hit_rates

    return HitRateParameters, hit_rates


command = table_command(
    "hit-rates",
    _load,
    "Show the share of selections with three seasons as a starter, or another hit, with its 95 % interval; the filters are those of "
    "/api/v1/analytics/hit-rates.\n\nExample: dq hit-rates --group-by round,group --season-min 1994 --season-max 2015",
)
