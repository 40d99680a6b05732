"""The argument that names a person: by the ID, or by the whole name where only one person has it."""

import click

from app.context import ServiceContext
from app.listing.model import Row
from cli.filters import WholeNumber

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
        from cli.session import ask

        if value.lstrip("-").isdigit():
            return _ID.convert(value, param, ctx)
        found = ask(lambda context: _called(context, value))
        if not found:
            self.fail(f"no person has the name {value[:100]!r}. Look for parts of a name with: dq person search TEXT", param, ctx)
        if len(found) > 1:
            listed = "; ".join(f"{each['person_id']} ({_in_short(each)})" for each in found[:_MOST_NAMED])
            self.fail(f"more than one person has the name {value[:100]!r}; give the ID: {listed}", param, ctx)
        return int(str(found[0]["person_id"]))


async def _called(context: ServiceContext, name: str) -> list[Row]:
    from app.errors import InvalidParameter
    from app.people.schemas import PeopleParameters
    from app.people.service import search
    from cli.filters import parameters

    checked = parameters(PeopleParameters, {"name": name}, {"name": "PERSON"})
    try:
        return (await (await search(context, checked)).page()).items
    except InvalidParameter as error:
        raise click.BadParameter(error.message) from None


def _in_short(person: Row) -> str:
    known = (person["position"], person["college"], person["first_season"])
    return ", ".join(str(each) for each in known if each is not None)


PERSON = PersonType()
