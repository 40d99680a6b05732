"""``dq person history`` and ``dq person provenance``: every value with its loads, and where it comes from."""

from app.history.schemas import HistoryParameters, ProvenanceParameters
from app.history.service import history, provenance
from cli.output import echo, note, print_table
from cli.persons import person_command, requested

_VALUES = ("dataset", "key", "field", "value", "from_run", "from_time", "until_run", "until_time")
_LOADS = ("run_id", "source", "published_at", "finished_at", "location")


def _show_history(person_id: int, *, as_json: bool, **given: object) -> None:
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


HISTORY = person_command(
    HistoryParameters,
    "history",
    _show_history,
    "Show every value that a person's records have had, and between which loads.",
    "person history 1 --changed",
)
PROVENANCE = person_command(
    ProvenanceParameters,
    "provenance",
    _show_provenance,
    "Show which load brought each value of a person: source, file, and when upstream published it.",
    "person provenance 1",
)
