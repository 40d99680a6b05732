"""``dq person history`` and ``dq person provenance``: every value with its loads, and where it comes from."""

from __future__ import annotations

import click

from cli.athletics import requested
from cli.output import echo, note, print_table
from cli.persons import person_argument

_CHOICE = (
    click.Option(["--dataset"], metavar="NAME,...", help="Only records of these data sets."),
    click.Option(["--field"], metavar="NAME,...", help="Only these columns."),
)
_VALUES = ("dataset", "key", "field", "value", "from_run", "from_time", "until_run", "until_time")
_LOADS = ("run_id", "source", "published_at", "finished_at", "location")


def _json(path: str) -> click.Option:
    return click.Option(["--json", "as_json"], is_flag=True, help=f"One JSON object, the same as /api/v1/people/PERSON_ID/{path}.")


def _show_history(person_id: int, *, as_json: bool, **given: object) -> None:
    from app.history.schemas import HistoryParameters
    from app.history.service import history

    found = requested(HistoryParameters, given, lambda context, checked: history(context, person_id, checked))
    if as_json:
        echo(found.model_dump_json())
        return
    rows = [
        {"dataset": record.dataset, "key": record.key, "field": field.field, **span.model_dump()}
        for record in found.records
        for field in record.fields
        for span in field.values
        if span.value is not None or len(field.values) > 1
    ]
    if rows:
        print_table(rows, _VALUES, title=found.name, numbers=("from_run", "until_run"))
    note(f"{len(rows):,} value{'' if len(rows) == 1 else 's'}; from_run and until_run are loads, see: dq etl show RUN")


def _show_provenance(person_id: int, *, as_json: bool, **given: object) -> None:
    from app.history.schemas import ProvenanceParameters
    from app.history.service import provenance

    found = requested(ProvenanceParameters, given, lambda context, checked: provenance(context, person_id, checked))
    if as_json:
        echo(found.model_dump_json())
        return
    rows = [
        {"dataset": record.dataset, "key": record.key, "run_id": origin.run_id, "fields": origin.fields}
        for record in found.records
        for origin in record.origins
    ]
    print_table(rows, ("dataset", "key", "run_id", "fields"), title=found.name, numbers=("run_id",))
    print_table([load.model_dump() for load in found.loads], _LOADS, title="Loads", numbers=("run_id",))


HISTORY = click.Command(
    "history",
    params=[
        person_argument(),
        *_CHOICE,
        click.Option(["--changed"], is_flag=True, help="Only fields that have had more than one value."),
        _json("history"),
    ],
    callback=_show_history,
    help="Show every value that a person's records have had, and between which loads.\n\nExample: dq person history 1 --changed",
)
PROVENANCE = click.Command(
    "provenance",
    params=[person_argument(), *_CHOICE, _json("provenance")],
    callback=_show_provenance,
    help="Show which load brought each value of a person: source, file, and when upstream published it.",
)
