"""``dq trade``: one trade in full, and the trade calculator."""

from collections.abc import Sequence

import click

from app.datasets.trades import TRADES
from app.pick_values.notation import split_picks
from app.pick_values.schemas import PickWorth, TradeRequest, TradeWorth
from app.pick_values.service import value_trade
from app.trades.schemas import TradeDetail, TradeLeg, TradeParameters
from app.trades.service import trade_detail
from cli.filters import WholeNumber, parameters
from cli.lists import list_command
from cli.output import echo, note, print_facts, print_table
from cli.persons import requested
from cli.session import ask

_ARGUMENTS = {"gave": "GAVE", "received": "RECEIVED", "charts": "--chart"}
_LEG = ("leg", "gave", "received", "what", "became", "position", "games", "w_av", "johnson", "hill", "otc", "stuart", "pff")
_COMPARED = ("chart", "gave", "received", "difference", "gave_equivalent", "received_equivalent", "difference_equivalent")


@click.group(name="trade")
def command() -> None:
    """Trades: what they were worth by five charts, and what the picks became."""


command.add_command(
    list_command(
        TRADES,
        "list",
        "List what franchises gave each other since 2002, a row per pick or player; the filters are those of /api/v1/trades.\n\n"
        'Example: dq trade list --q "julio jones"',
    )
)


@command.command()
@click.argument("gave")
@click.argument("received", default="")
@click.option(
    "--season",
    metavar="NUMBER",
    help="Draft from which years are counted. [default: the latest class, or the draft before the earliest season named]",
)
@click.option("--discount", metavar="NUMBER", help="What a pick loses per year until its draft, such as 0.1. [default: 0]")
@click.option("--chart", "charts", multiple=True, help="Only this chart; may be repeated.")
@click.option("--picks-per-round", metavar="NUMBER", help="For picks whose number is not known. [default: 32]")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, the same as /api/v1/trade-calculator.")
def calc(gave: str, received: str, *, charts: tuple[str, ...], as_json: bool, **given: object) -> None:
    """Value two sides of a trade: picks separated by commas, by every chart.

    A pick is its number (6), its round and place (1.05), or season, round and number as far as they are known (2027r1, 2013r1#22).
    The middle of a round stands for a number that is not known.

    Example: dq trade calc "6,39,2013r1#22" "2"
    """
    sides = {"gave": split_picks(gave), "received": split_picks(received)}
    request = parameters(TradeRequest, {**given, **sides, "charts": list(charts) or None}, _ARGUMENTS)
    worth = ask(lambda context: value_trade(context, request), _ARGUMENTS)
    if as_json:
        echo(worth.model_dump_json())
        return
    _print_worth(worth)


def _print_worth(worth: TradeWorth) -> None:
    rows = [*_pick_rows("gave", worth.gave), *_pick_rows("received", worth.received)]
    charts = [each.chart for each in worth.charts]
    columns = ("side", "pick", "season", "number", "years", "factor", *charts)
    print_table(rows, columns, title=f"Picks, counted from the draft of {worth.season}", numbers=columns[2:])
    print_table([each.model_dump() for each in worth.charts], _COMPARED, title="Both sides", numbers=_COMPARED[1:])
    note("Charts value picks differently, so none of them is the verdict; an equivalent pick has the nearest value on the chart.")
    if worth.synthetic:
        note("Synthetic league: made-up charts or numbers.")


def _pick_rows(side: str, picks: Sequence[PickWorth]) -> list[dict[str, object]]:
    return [{"side": side, **pick.model_dump(exclude={"values"}), **pick.values} for pick in picks]


@command.command()
@click.argument("trade_id", type=WholeNumber(1, 2**31 - 1))
@click.option("--as-of", metavar="TEXT", help="The trade as of a load by its number, or as of the end of a day such as 2026-05-06 (UTC).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, the same as /api/v1/trades/TRADE_ID.")
def show(trade_id: int, *, as_of: str | None, as_json: bool) -> None:
    """Show one trade: what each side gave, its values by every chart, and what the picks became."""
    trade = requested(TradeParameters, {"as_of": as_of}, lambda context, checked: trade_detail(context, trade_id, checked.as_of))
    if as_json:
        echo(trade.model_dump_json())
        return
    _print_trade(trade)


def _print_trade(trade: TradeDetail) -> None:
    facts = {"season": trade.season, "date": trade.trade_date, "complete": trade.complete}
    print_facts(facts, title=f"Trade {trade.trade_id}")
    print_table([_leg_row(leg) for leg in trade.legs], _LEG, title="Legs", numbers=("leg", *_LEG[6:]))
    for side in trade.sides:
        rows = [each.model_dump() for each in side.charts]
        print_table(rows, _COMPARED[:4], title=side.franchise, numbers=_COMPARED[1:4])
    for remark in trade.remarks:
        note(remark)
    if trade.synthetic:
        note("Synthetic league: this trade is made up.")


def _leg_row(leg: TradeLeg) -> dict[str, object]:
    number = "" if leg.pick_number is None else f"#{leg.pick_number}"
    pick = f"{leg.pick_season}{'' if leg.pick_round is None else f'r{leg.pick_round}'}{number}{' conditional' if leg.conditional else ''}"
    career = leg.became.model_dump(include={"position", "games", "w_av"}) if leg.became else {}
    return {
        "leg": leg.leg,
        "gave": leg.gave,
        "received": leg.received,
        "what": leg.name if leg.kind == "player" else pick,
        "became": leg.became.name if leg.became else None,
        **career,
        **(leg.values or {}),
    }
