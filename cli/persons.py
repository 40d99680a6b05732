"""Commands about one person, named by the ID, or by the whole name where only one person has it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import click
from pydantic import BaseModel

from app.context import ServiceContext
from app.listing.model import Row
from cli.filters import NO_ARGUMENTS, WholeNumber, options_of, parameters
from cli.hints import no_such_name
from cli.session import ask

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")
_ID = WholeNumber(1, 2**31 - 1)
#: Namesakes that a message lists.
_MOST_NAMED = 5


class PersonType(click.ParamType[int]):
    """An ID, or a name; accents, case and punctuation of a name do not count."""

    name = "person"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Look the person up, unless the value is a number.

        Raises:
            click.BadParameter: the name belongs to no person, or to several people.
        """
        if value.lstrip("-").isdigit():
            return _ID.convert(value, param, ctx)
        found, missing = ask(lambda context: _called(context, value))
        if not found:
            self.fail(missing or f"No person has the name {value[:100]!r}.", param, ctx)
        if len(found) > 1:
            listed = "; ".join(f"{each['person_id']} ({_in_short(each)})" for each in found[:_MOST_NAMED])
            self.fail(f"more than one person has the name {value[:100]!r}; give the ID: {listed}", param, ctx)
        return int(str(found[0]["person_id"]))


async def _called(context: ServiceContext, name: str) -> tuple[list[Row], str | None]:
    from app.errors import InvalidParameter
    from app.people.schemas import PeopleParameters
    from app.people.service import search

    checked = parameters(PeopleParameters, {"name": name}, {"name": "PERSON"})
    try:
        found = (await (await search(context, checked)).page()).items
        return found, None if found else await no_such_name(context, name)
    except InvalidParameter as error:
        raise click.BadParameter(error.message) from None


def _in_short(person: Row) -> str:
    known = (person["position"], person["college"], person["first_season"])
    return ", ".join(str(each) for each in known if each is not None)


PERSON = PersonType()


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
