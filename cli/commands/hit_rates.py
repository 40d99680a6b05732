"""``dq hit-rates``: the share of selections that were hits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.filters import ListCommand
from cli.lists import show_table

if TYPE_CHECKING:
    from app.value.schemas import HitParameters


def _model() -> type[HitParameters]:
    from app.value.schemas import HitRateParameters

    return HitRateParameters


def _show(**given: object) -> None:
    from app.value.service import hit_rates

    show_table(_model(), hit_rates, given)


command = ListCommand(
    "hit-rates",
    _model,
    _show,
    "Show the share of selections with three seasons as a starter, or another hit, with its 95 % interval; the filters are those of "
    "/api/v1/analytics/hit-rates.\n\nExample: dq hit-rates --group-by round,group --season-min 1994 --season-max 2015",
    paged=False,
)
