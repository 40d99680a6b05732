"""``dq compare``: two to six people side by side."""

import click

from app.athletics.schemas import Compared, CompareParameters, PoolParameters
from app.athletics.service import compare
from app.datasets.combine import DRILLS
from app.people.queries import OUTCOMES
from cli.filters import options_of
from cli.output import echo, note, print_table
from cli.persons import PERSON, requested


def _show(ids: tuple[int, ...], *, as_json: bool, **given: object) -> None:
    comparison = requested(CompareParameters, {**given, "ids": ",".join(map(str, ids))}, compare, {"ids": "PERSON"})
    if as_json:
        echo(comparison.model_dump_json())
        return
    people = comparison.people
    headings = [f"{each.name} ({each.person_id})" for each in people]
    rows = [dict(zip(("", *headings), line, strict=True)) for line in zip(*map(_column, [None, *people]), strict=True)]
    print_table(rows, ["", *headings], numbers=headings)
    note("A percentile is among the role, or among the position group of a rare one; more is better.")
    note("– where the draft file has no selection or no record of it.")
    if comparison.synthetic:
        note("Synthetic league: these people are made up.")


def _column(person: Compared | None) -> list[object]:
    """Return a person's cells from top to bottom; without a person, the names of the rows."""
    if person is None:
        return ["combine", "position", "school", *DRILLS, "athletic score", "selected", *OUTCOMES]
    drills = [None if each.value is None else f"{each.value:g} ({each.percentile} of {each.n} {each.scope})" for each in person.drills]
    score = person.athletic_score
    ranked = score.note if score.score is None else f"{score.score} of {score.n} {score.scope}"
    selected = ", ".join(f"{pick.season} round {pick.round} #{pick.pick} {pick.team}" for pick in person.selections)
    return [person.visit, person.pos, person.school, *drills, ranked, selected or None, *(_outcome(person, name) for name in OUTCOMES)]


def _outcome(person: Compared, name: str) -> str | None:
    """Return a number of the person's career, in the order of the selections if there are several."""
    numbers = [getattr(pick, name) for pick in person.selections]
    return ", ".join("–" if number is None else str(number) for number in numbers) or None


command = click.Command(
    "compare",
    params=[
        click.Argument(["ids"], type=PERSON, metavar="PERSON...", nargs=-1, required=True),
        *options_of(PoolParameters, paged=False, json_help="One JSON object, the same as /api/v1/compare."),
    ],
    callback=_show,
    help="Show two to six people side by side: measurements, percentiles, Athletic Score and careers.\n\nExample: dq compare 1 2",
)
