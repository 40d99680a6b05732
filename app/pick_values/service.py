"""Values of picks for every caller: API and command line."""

from datetime import UTC, datetime

from app.context import ServiceContext
from app.datasets.pick_values import CHARTS
from app.errors import NotFound
from app.pick_values.calculator import compare
from app.pick_values.queries import ALL, LATEST_CLASS
from app.pick_values.schemas import TradeRequest, TradeWorth


async def value_trade(context: ServiceContext, request: TradeRequest) -> TradeWorth:
    """Value both sides of a trade by every chart.

    Raises:
        InvalidParameter: naming the side with a pick that cannot be valued, or that both sides have.
        NotFound: no charts are loaded.
    """
    version = await context.version()
    rows = await context.database.fetch(ALL)
    if not rows:
        raise NotFound("No pick values have been loaded yet.", "Load them: dq etl run --dataset pick_values --from DIR")
    charts = {name: {row["pick"]: row[name] for row in rows if row[name] is not None} for name in CHARTS}
    latest = await context.database.fetch_row(LATEST_CLASS)
    compared = compare(request, charts, (latest["season"] if latest else None) or datetime.now(UTC).year)
    return TradeWorth(**compared._asdict(), discount=request.discount, dataset_version=version.tag, synthetic=version.synthetic)
