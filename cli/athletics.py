"""What the commands about one person share: options, one call of a service, and tables."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import click
from pydantic import BaseModel

from app.athletics.schemas import Measured, Score, Subject
from app.context import ServiceContext
from cli.filters import NO_ARGUMENTS, options_of, parameters
from cli.output import note, print_facts, print_table
from cli.persons import PERSON
from cli.session import ask

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

_DRILLS = ("drill", "value", "percentile", "n", "scope", "note")


def person_command(model: type[BaseModel], path: str, show: Callable[..., None], about: str, example: str) -> click.Command:
    """Return the command about one person with the options of ``model``, whose JSON is the response of ``path`` below the person."""
    json_help = f"One JSON object, the same as /api/v1/people/PERSON_ID/{path}."
    return click.Command(
        path,
        params=[click.Argument(["person_id"], type=PERSON, metavar="PERSON"), *options_of(model, paged=False, json_help=json_help)],
        callback=show,
        help=f"{about}\n\nPERSON is an ID, or the whole name of a person without a namesake.\n\nExample: dq {example}",
    )


def requested(
    model: type[M],
    given: dict[str, object],
    service: Callable[[ServiceContext, M], Awaitable[T]],
    arguments: Mapping[str, str] = NO_ARGUMENTS,
) -> T:
    """Check the options as the API does, and call the service; a wrong value is a usage error."""
    checked = parameters(model, given, arguments)
    return ask(lambda context: service(context, checked), arguments)


def print_subject(subject: Subject, *, synthetic: bool) -> None:
    """Print who it is about, and at which visit."""
    facts = {"person_id": subject.person_id, "combine": subject.visit, "position": subject.pos, "school": subject.school}
    print_facts(facts, title=subject.name)
    if len(subject.visits) > 1:
        note(f"Other visits: {', '.join(str(season) for season in subject.visits if season != subject.visit)} (use --visit).")
    if synthetic:
        note("Synthetic league: this person is made up.")


def print_measured(drills: Sequence[Measured], score: Score) -> None:
    """Print percentiles, and the score below them."""
    print_table([each.model_dump() for each in drills], _DRILLS, title="Percentiles", numbers=_DRILLS[1:4])
    print_facts(score.model_dump(), title="Athletic Score")
