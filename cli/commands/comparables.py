"""``dq comparables``: the combine entries most like one person's."""

from app.athletics.schemas import Comparable, ComparablesParameters
from app.athletics.service import comparables
from app.datasets.combine import DRILLS
from cli.athletics import print_subject
from cli.output import echo, note, print_table
from cli.persons import person_command, requested

_COLUMNS = ("person_id", "name", "season", "school", "distance", "similarity", "shared", *DRILLS, "selected")


def _show(person_id: int, *, as_json: bool, **given: object) -> None:
    found = requested(ComparablesParameters, given, lambda context, checked: comparables(context, person_id, checked))
    if as_json:
        echo(found.model_dump_json())
        return
    print_subject(found, synthetic=found.synthetic)
    if found.note is not None:
        note(found.note)
        return
    mine = {"person_id": found.person_id, "name": found.name, "season": found.visit, "school": found.school, **found.values}
    print_table([mine, *map(_row, found.comparables)], _COLUMNS, title="Comparables", numbers=("person_id", "season", *_COLUMNS[4:-1]))
    note(f"{len(found.comparables):,} of {found.n:,} entries of {found.scope} that share at least 5 measurements.")


def _row(each: Comparable) -> dict[str, object]:
    selected = ", ".join(f"{pick.season} #{pick.pick} {pick.team}" for pick in each.selections)
    return {**each.model_dump(exclude={"values", "selections"}), **each.values, "selected": selected}


command = person_command(
    ComparablesParameters,
    "comparables",
    _show,
    "List the combine entries of the same role that are most like one person's.",
    'comparables "D.K. Metcalf" --limit 5',
)
