"""``dq percentiles``: one person's combine results among those of the role, and the Athletic Score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.athletics import person_options, print_measured, print_subject, requested
from cli.output import echo

if TYPE_CHECKING:
    from app.athletics.schemas import PersonPercentiles, PersonScore, VisitParameters
    from app.context import ServiceContext


def _show(person_id: int, *, as_json: bool, **given: object) -> None:
    from app.athletics import service
    from app.athletics.schemas import VisitParameters

    async def read(context: ServiceContext, checked: VisitParameters) -> tuple[PersonPercentiles, PersonScore]:
        return await service.percentiles(context, person_id, checked), await service.athletic_score(context, person_id, checked)

    found, score = requested(VisitParameters, given, read)
    if as_json:
        echo(found.model_dump_json())
        return
    print_subject(found, synthetic=found.synthetic)
    print_measured(found.drills, score.athletic_score)


command = click.Command(
    "percentiles",
    params=person_options("percentiles"),
    callback=_show,
    help="Show one person's combine results as percentiles of the role, and the Athletic Score.\n\n"
    "PERSON is an ID, or the whole name of a person without a namesake.\n\nExample: dq percentiles 1 --earlier-only",
)
