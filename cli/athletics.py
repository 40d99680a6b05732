"""What the commands about combine results share: options, one call of a service, and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import click

from app.errors import InvalidParameter
from cli.filters import option_name, parameters
from cli.output import note, print_facts, print_table
from cli.persons import person_argument
from cli.session import ask

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from pydantic import BaseModel

    from app.athletics.schemas import Measured, Score, Subject
    from app.context import ServiceContext

M = TypeVar("M", bound="BaseModel")
T = TypeVar("T")

_NO_ARGUMENTS: Mapping[str, str] = {}
_DRILLS = ("drill", "value", "percentile", "n", "scope", "note")
_VISIT = click.Option(["--visit"], metavar="SEASON", help="Season of the visit to the combine. [default: the latest]")


def pool_options(path: str) -> list[click.Parameter]:
    """Return the options that choose the classes to compare with, and ``--json``, the same as ``path`` of the API."""
    return [
        click.Option(["--season-min"], metavar="SEASON", help="Earliest class to compare with."),
        click.Option(["--season-max"], metavar="SEASON", help="Latest class to compare with."),
        click.Option(["--earlier-only"], is_flag=True, help="Compare only with classes before the person's own."),
        click.Option(["--json", "as_json"], is_flag=True, help=f"One JSON object, the same as /api/v1/{path}."),
    ]


def person_options(path: str) -> list[click.Parameter]:
    """Return the parameters of a command about one person."""
    return [person_argument(), _VISIT, *pool_options(f"people/PERSON_ID/{path}")]


def requested(
    model: type[M],
    given: dict[str, object],
    service: Callable[[ServiceContext, M], Awaitable[T]],
    arguments: Mapping[str, str] = _NO_ARGUMENTS,
) -> T:
    """Check the options as the API does, and call the service; a wrong value is a usage error."""
    checked = parameters(model, given, arguments)
    try:
        return ask(lambda context: service(context, checked))
    except InvalidParameter as error:
        raise click.UsageError(f"{arguments.get(error.parameter) or option_name(error.parameter)}: {error.message}") from None


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
