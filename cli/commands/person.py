"""``dq person``: search for players, and show one in full."""

import click

from app.context import ServiceContext
from app.listing.model import Row
from app.listing.query import Page
from app.people.schemas import CombineEntry, PeopleParameters, PersonDetail, PersonParameters
from app.people.service import detail, search
from cli.filters import ListCommand, parameters
from cli.hints import no_such_name, no_such_words
from cli.history import HISTORY, PROVENANCE
from cli.lists import read_rows
from cli.output import echo, note, print_facts, print_json_lines, print_table
from cli.persons import PERSON, requested
from cli.session import ask

_FOUND = ("person_id", "name", "position", "college", "first_season", "last_season", "selected")
_SELECTION = (
    *("season", "round", "pick", "team", "position", "college", "age", "to"),
    *("games", "seasons_started", "allpro", "probowls", "w_av", "dr_av", "hof"),
)
#: Parameters that are not options here, with their names in the help.
_ARGUMENTS = {"q": "TEXT"}
_DRILLS = ("drill", "value", "percentile", "among", "of")


@click.group(name="person")
def command() -> None:
    """Find players, with all spellings of their names and all IDs."""


def _search(text: str | None, **given: object) -> None:
    as_json, limit, _ = given.pop("as_json"), int(str(given.pop("limit"))), given.pop("all_rows")
    if text is not None:
        given["q"] = text
    parameters(PeopleParameters, given, _ARGUMENTS)  # refuse invalid options before a server is started
    page, hint = ask(lambda context: _found(context, given, limit), _ARGUMENTS)
    if as_json:
        print_json_lines(page.items)
        return
    rows = [{**person, "selected": _selected(person.get("selections"))} for person in page.items]
    if rows:
        columns = _FOUND if given.get("fields") is None else ["selected" if name == "selections" else name for name in page.items[0]]
        print_table(rows, columns, numbers=("person_id", "first_season", "last_season"))
    note(hint or "No players found." if not rows else f"{len(rows):,} of {page.total:,} shown. For details: dq person show PERSON_ID")


async def _found(context: ServiceContext, given: dict[str, object], limit: int) -> tuple[Page, str | None]:
    """Read the people; without any, say what may be meant by the name."""
    page = await read_rows(context, PeopleParameters, search, given, limit)
    for name, hint in (("name", no_such_name), ("q", no_such_words)):
        if not page.items and given.get(name):
            return page, await hint(context, str(given[name]))
    return page, None


def _selected(selections: object) -> str:
    """Format every selection as ``2020 #1 CIN``."""
    if not isinstance(selections, list):
        return ""
    return ", ".join(f"{each['season']} #{each['pick']} {each['team']}" for each in selections)


class _Search(ListCommand):
    """A list command whose search text is an argument."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Replace ``--q`` by TEXT; a search has one page."""
        return [
            click.Argument(["text"], required=False),
            *(option for option in super().get_params(ctx) if option.name not in {"q", "all_rows"}),
        ]


command.add_command(
    _Search(
        "search",
        lambda: PeopleParameters,
        lambda text=None, **given: _search(text, all_rows=False, **given),
        "Find people by the beginnings of the words of a name (accents do not count), or by an id.\n\nExample: dq person search amare",
    )
)


command.add_command(HISTORY)
command.add_command(PROVENANCE)


@command.command()
@click.argument("person_id", type=PERSON, metavar="PERSON")
@click.option("--as-of", metavar="TEXT", help="The records as of a load by its number, or as of the end of a day such as 2026-05-06 (UTC).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, the same as /api/v1/people/PERSON_ID.")
def show(person_id: int, as_of: str | None, as_json: bool) -> None:
    """Show one person: names, IDs, selections with outcomes, combine results with percentiles, and identity conflicts.

    PERSON is an ID, or the whole name of a person without a namesake.
    """
    person = requested(PersonParameters, {"as_of": as_of}, lambda context, checked: detail(context, person_id, checked.as_of))
    if as_json:
        echo(person.model_dump_json())
        return
    print_facts(_facts(person), title=person.name)
    if person.selections:
        print_table(person.selections, _SELECTION, title="Selections", numbers=("season", "round", "pick", "age", "to", *_SELECTION[8:14]))
    for entry in person.combine:
        title = f"Combine {entry.season}, {entry.pos}, {entry.school or 'no college'}"
        print_table(_drill_rows(entry), _DRILLS, title=title, numbers=("value", "percentile", "of"))
    for conflict in person.conflicts:
        what = f"{conflict.reason} ({conflict.id_type} {conflict.value})"
        note(f"{conflict.state}: {what} with {conflict.other_name}, {conflict.other_person_id}")
    if person.synthetic:
        note("Synthetic league: this person is made up.")


def _facts(person: PersonDetail) -> dict[str, object]:
    seasons = str(person.first_season) if person.first_season == person.last_season else f"{person.first_season}-{person.last_season}"
    return {
        "person_id": person.person_id,
        "position": person.position if person.position == person.position_leaf else f"{person.position} ({person.position_leaf})",
        "college": person.college,
        "seasons": seasons,
        **_career(person.careers),
        "also written": sorted({alias.name for alias in person.aliases if alias.name != person.name}) or None,
        "ids": [f"{each.type} {each.value}" for each in person.external_ids] or None,
    }


def _career(careers: list[Row]) -> dict[str, object]:
    """Birth, years in the league and how they began, from the list of players."""
    if not careers:
        return {}
    [career] = careers[:1]
    years = f"{career['rookie_season']}-{career['last_season'] or ''}, {career['selection']}"
    return {"born": career["birth_date"], "in the league": years}


def _drill_rows(entry: CombineEntry) -> list[dict[str, object]]:
    return [
        {
            "drill": each.drill,
            "value": each.value,
            "percentile": each.place.percentile if each.place else None,
            "among": each.place.position if each.place else None,
            "of": each.place.total if each.place else None,
        }
        for each in entry.drills
    ]
