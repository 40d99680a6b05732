"""``dq hit-rates``: the share of selections that were hits."""

from app.datasets.draft_picks import DRAFT_PICKS
from app.value.schemas import HitRateParameters
from app.value.service import hit_rates
from cli.lists import table_command

command = table_command(
    "hit-rates",
    lambda: (HitRateParameters, hit_rates),
    "Show the share of selections with three seasons as a starter, or another hit, with its 95 % interval; the filters are those of "
    "/api/v1/analytics/hit-rates.\n\nExample: dq hit-rates --group-by round,group --season-min 1994 --season-max 2015",
    DRAFT_PICKS,
)
