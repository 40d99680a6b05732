"""``dq quality``: how complete the data are, what is wrong with them now, and what a person has accepted."""

from collections.abc import Awaitable, Callable, Sequence
from getpass import getuser
from itertools import groupby

import click

from app.context import ServiceContext
from app.datasets import DATASETS
from app.quality import service
from app.quality.schemas import (
    Acknowledgement,
    CompletenessParameters,
    FieldCompleteness,
    FindingCount,
    FindingParameters,
    QualityDecisionParameters,
)
from cli.filters import WholeNumber, parameters
from cli.lists import rows_command
from cli.output import note, print_json, print_table
from cli.session import ask

Action = Callable[[ServiceContext, Sequence[int], Acknowledgement], Awaitable[list[str]]]

_FINDINGS = ("issue_id", "dataset", "severity", "rule", "season", "entity", "field", "value", "message", "reason", "acknowledged_by")
_DECISIONS = ("decision_id", "kind", "dataset", "rule", "season", "entity", "field", "value", "decided_by", "decided_at", "reason")
_COUNTS = ("dataset", "severity", "rule", "field", "open", "acknowledged")
_FIELDS = ("field", "percent", "lowest", "in_season", "seasons")
#: From the least to the most complete; nothing at all is a dot.
_BARS = "▁▂▃▄▅▆▇█"


@click.group(name="quality")
def command() -> None:
    """How complete the data are, and what is wrong with them now."""


@command.command()
@click.option("--dataset", type=click.Choice(list(DATASETS)), help="Only this data set.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: the number of findings by rule, and the completeness by season.")
def report(dataset: str | None, *, as_json: bool) -> None:
    """Show what holds now by rule, and how complete every field is, with a bar for each season."""

    async def read(context: ServiceContext) -> tuple[list[FindingCount], list[FieldCompleteness], list[FieldCompleteness]]:
        counts = [each for each in await service.count_findings(context) if dataset in (None, each.dataset)]
        whole = await service.completeness(context, CompletenessParameters(dataset=dataset))
        if dataset is not None and DATASETS[dataset].season is None:
            return counts, whole.items, []
        return counts, whole.items, (await service.completeness(context, CompletenessParameters(dataset=dataset, by="season"))).items

    counts, whole, by_season = ask(read)
    if as_json:
        print_json(
            {"findings": [each.model_dump() for each in counts], "completeness": [each.model_dump() for each in (*whole, *by_season)]}
        )
        return
    if counts:
        print_table([each.model_dump() for each in counts], _COUNTS, title="Findings", numbers=_COUNTS[4:])
    for name, fields in groupby(whole, key=lambda each: each.dataset):
        _print_completeness(name, list(fields), [each for each in by_season if each.dataset == name])
    number = sum(each.open for each in counts)
    note(f"{number:,} open finding{'' if number == 1 else 's'}; list them with: dq quality findings --no-acknowledged")


def _print_completeness(name: str, fields: Sequence[FieldCompleteness], by_season: Sequence[FieldCompleteness]) -> None:
    seasons = sorted({each.season for each in by_season if each.season is not None})
    years = f", {seasons[0]} to {seasons[-1]}" if seasons else ""
    rows = [_field_row(field, [each for each in by_season if each.field == field.field]) for field in fields]
    title = f"Completeness of {fields[0].total:,} {DATASETS[name].rows}{years}"
    print_table(rows, _FIELDS if seasons else _FIELDS[:2], title=title, numbers=_FIELDS[1:4])


def _field_row(field: FieldCompleteness, by_season: Sequence[FieldCompleteness]) -> dict[str, object]:
    row: dict[str, object] = {"field": field.field, "percent": f"{field.percent:.2f}"}
    if by_season:
        lowest = min(by_season, key=lambda each: each.percent)
        row |= {"lowest": f"{lowest.percent:.2f}", "in_season": lowest.season, "seasons": "".join(map(_bar, by_season))}
    return row


def _bar(each: FieldCompleteness) -> str:
    return _BARS[(len(_BARS) * each.filled - 1) // each.total] if each.filled else "·"


command.add_command(
    rows_command(
        "findings",
        lambda: (FindingParameters, service.list_findings),
        _FINDINGS,
        "List what is wrong with the present data, open findings first.",
    )
)
command.add_command(
    rows_command(
        "decisions",
        lambda: (QualityDecisionParameters, service.list_decisions),
        _DECISIONS,
        "List who has acknowledged findings or withdrawn that, and why, the latest first.",
    )
)

_IDS = click.argument("issue_ids", metavar="ID...", nargs=-1, required=True, type=WholeNumber(1, 2**63 - 1))
_BY = click.option("--by", help="Who says so. [default: the user of this machine]")


@command.command()
@_IDS
@click.option("--reason", required=True, help="Why the findings are acceptable.")
@_BY
def acknowledge(issue_ids: tuple[int, ...], reason: str, by: str | None) -> None:
    """Accept findings for a reason, which is kept as long as later loads find the same.

    Example: dq quality acknowledge 12 --reason "upstream confirmed the time"
    """
    _decide(service.acknowledge, issue_ids, reason, by, "Acknowledged")


@command.command()
@_IDS
@click.option("--reason", required=True, help="Why the findings are not acceptable after all.")
@_BY
def withdraw(issue_ids: tuple[int, ...], reason: str, by: str | None) -> None:
    """Take acknowledgements back: the findings are open again. Who did it and why stays on record, as the acknowledgement does.

    Example: dq quality withdraw 12 --reason "upstream corrected the time, we did not load it"
    """
    _decide(service.withdraw, issue_ids, reason, by, "Open again")


def _decide(action: Action, issue_ids: tuple[int, ...], reason: str, by: str | None, done: str) -> None:
    given = parameters(Acknowledgement, {"reason": reason, "by": by or getuser()})
    for message in ask(lambda context: action(context, issue_ids, given)):
        note(f"{done}: {message}")
