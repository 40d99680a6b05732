"""One trade for every caller: API and command line."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from app.context import ServiceContext
from app.context.dataset_state import DatasetVersion
from app.datasets.pick_values import CHARTS
from app.datasets.trades import TRADES
from app.errors import NotFound
from app.listing.derived import resolve_filters
from app.listing.past import AS_OF, load_as_of
from app.parameters import Parameters
from app.pick_values.calculator import DIGITS
from app.trades.queries import BECAME, LEGS, LEGS_AS_OF, RECORDS, found_statement
from app.trades.schemas import Became, SideOnChart, TradeDetail, TradeLeg, TradeSide

_FROM_THE_LEG = (
    *("leg", "gave", "received", "gave_franchise", "received_franchise", "gave_nflverse_team", "received_nflverse_team"),
    *("pick_season", "pick_round", "pick_number", "conditional"),
)
_NO_CHARTS = "No pick values are loaded."


async def trade_detail(context: ServiceContext, trade_id: int, as_of: str | None = None) -> TradeDetail:
    """One trade with the values of its picks and what they became, all as of a load or a day if one is given.

    Raises:
        NotFound: no trade has this number.
        InvalidParameter: the moment means nothing, or the past is not known.
    """
    version = await context.version()
    load = None if as_of is None else await load_as_of(context, RECORDS, as_of)
    trades = await _in_full(context, [trade_id], version, load)
    if not trades:
        then = "" if load is None else f" as of load {load}"
        raise NotFound(f"No trade has the ID {trade_id}{then}.")
    return trades[0]


class FoundTrades(NamedTuple):
    """One page of trades, the latest first, the trades before it, and how many there are in all."""

    total: int
    offset: int
    trades: list[TradeDetail]
    version: DatasetVersion


async def find_trades(context: ServiceContext, parameters: Parameters, limit: int, offset: int) -> FoundTrades:
    """Find the trades with a leg that passes the filters of the list of legs; past the last page, those of the last page."""
    version = await context.version()
    filters = resolve_filters(TRADES, parameters, await context.references(version))
    statement = found_statement(frozenset(filters))
    rows = await context.database.fetch(statement, {**filters, "limit": limit, "offset": offset})
    if offset and not rows:
        first = await context.database.fetch_row(statement, {**filters, "limit": 1, "offset": 0})
        offset = (first["total"] - 1) // limit * limit if first else 0
        rows = await context.database.fetch(statement, {**filters, "limit": limit, "offset": offset})
    trades = await _in_full(context, [row["trade_id"] for row in rows], version)
    return FoundTrades(rows[0]["total"] if rows else 0, offset, trades, version)


async def _in_full(
    context: ServiceContext, trade_ids: Sequence[int], version: DatasetVersion, load: int | None = None
) -> list[TradeDetail]:
    """Return the trades in this order, as of a load if one is given; a number that no trade has is left out."""
    found: dict[int, list[Mapping[str, object]]] = {trade_id: [] for trade_id in trade_ids}
    statement, values = (LEGS, {}) if load is None else (LEGS_AS_OF, {AS_OF: load})
    for row in await context.database.fetch(statement, {"trade_ids": list(trade_ids), **values}):
        found[row["trade_id"]].append(dict(row))
    return [_detail(rows, version) for rows in found.values() if rows]


def _detail(rows: Sequence[Mapping[str, object]], version: DatasetVersion) -> TradeDetail:
    legs = [_leg(row) for row in rows]
    franchises = dict.fromkeys(code for leg in legs for code in (leg.gave_franchise, leg.received_franchise))
    sides = [_side(code, legs) for code in franchises]
    return TradeDetail.model_validate(
        {
            **{name: rows[0][name] for name in ("trade_id", "season", "trade_date")},
            "complete": all(side.gave and side.received for side in sides),
            "remarks": _remarks(legs, sides),
            "legs": legs,
            "sides": sides,
            "dataset_version": version.tag,
            "synthetic": version.synthetic,
        }
    )


def _leg(row: Mapping[str, object]) -> TradeLeg:
    note = _why_without_value(row)
    became = None
    if row["pfr_player_name"] is not None:
        career = {name: row[name] for name in BECAME if name != "to"}
        team = {"franchise": row["drafting"], "nflverse_team": row["nflverse_team"]}
        became = {**career, **team, "name": row["pfr_player_name"], "last_season": row["to"]}
    return TradeLeg.model_validate(
        {
            **{name: row[name] for name in _FROM_THE_LEG},
            "kind": "player" if row["pick_season"] is None else "pick",
            "name": row["pfr_name"],
            "person_id": row["player_id"],
            "values": {name: row[name] for name in CHARTS} if note is None else None,
            "note": note,
            "became": became and Became.model_validate(became),
        }
    )


def _why_without_value(row: Mapping[str, object]) -> str | None:
    if row["pick_season"] is None:
        return "A player has no value on a chart of picks."
    if row["pick_number"] is None:
        return "The number of the pick is not known."
    if row["last_charted"] is None:
        return _NO_CHARTS
    if all(row[name] is None for name in CHARTS):
        return f"The charts end with pick {row['last_charted']}."
    return None


def _side(code: str, legs: Sequence[TradeLeg]) -> TradeSide:
    gave = [leg for leg in legs if leg.gave_franchise == code]
    received = [leg for leg in legs if leg.received_franchise == code]
    without = sorted({leg.leg for leg in (*gave, *received) if leg.values is None})
    charts = []
    for chart in CHARTS:
        given, taken = _sum(chart, gave), _sum(chart, received)
        whole = all(leg.values is not None and leg.values[chart] is not None for leg in (*gave, *received))
        difference = round(taken - given, DIGITS) if whole and given is not None and taken is not None else None
        charts.append(SideOnChart(chart=chart, gave=given, received=taken, difference=difference))
    return TradeSide(
        franchise=code,
        nflverse_team=gave[0].gave_nflverse_team if gave else received[0].received_nflverse_team,
        gave=[leg.leg for leg in gave],
        received=[leg.leg for leg in received],
        without_value=without,
        charts=charts,
    )


def _sum(chart: str, legs: Sequence[TradeLeg]) -> float | None:
    values = [value for leg in legs if leg.values is not None and (value := leg.values[chart]) is not None]
    return round(sum(values), DIGITS) if values else None


def _remarks(legs: Sequence[TradeLeg], sides: Sequence[TradeSide]) -> list[str]:
    remarks = [
        f"The source has nothing that {side.franchise} {'gave' if not side.gave else 'received'}: the trade is not complete."
        for side in sides
        if not (side.gave and side.received)
    ]
    without = sum(leg.values is None for leg in legs)
    if any(leg.note == _NO_CHARTS for leg in legs):
        remarks.append(f"{_NO_CHARTS} Load them: dq etl run --dataset pick_values --from DIR")
    elif without:
        has, it = ("has", "it") if without == 1 else ("have", "them")
        remarks.append(f"{without} of {len(legs)} legs {has} no value on the charts; the sums leave {it} out.")
    conditional = sum(bool(leg.conditional) for leg in legs)
    if conditional:
        it = "it" if conditional == 1 else "them"
        remarks.append(f"{conditional} of {len(legs)} legs depended on a condition; the sums count {it} as if it had been met.")
    remarks += [
        f"The source names {leg.name} for pick {leg.pick_number} of {leg.pick_season}, with which {leg.became.name} was selected: "
        "one of the two is wrong there."
        for leg in legs
        if leg.became is not None and leg.person_id not in (None, leg.became.person_id)
    ]
    return remarks
