"""``dq percentiles``: one person's combine results among those of the role, and the Athletic Score."""

from app.athletics import service
from app.athletics.schemas import PersonPercentiles, PersonScore, VisitParameters
from app.context import ServiceContext
from cli.athletics import print_measured, print_subject
from cli.output import echo
from cli.persons import person_command, requested


def _show(person_id: int, *, as_json: bool, **given: object) -> None:
    async def read(context: ServiceContext, checked: VisitParameters) -> tuple[PersonPercentiles, PersonScore]:
        return await service.percentiles(context, person_id, checked), await service.athletic_score(context, person_id, checked)

    found, score = requested(VisitParameters, given, read)
    if as_json:
        echo(found.model_dump_json())
        return
    print_subject(found, synthetic=found.synthetic)
    print_measured(found.drills, score.athletic_score)


command = person_command(
    VisitParameters,
    "percentiles",
    _show,
    "Show one person's combine results as percentiles of the role, and the Athletic Score.",
    "percentiles 1 --earlier-only",
)
