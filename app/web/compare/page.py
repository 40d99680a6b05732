"""Two to six people side by side: what they measured, each among his own position, and their careers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator, Field

from app.athletics.schemas import MOST_COMPARED, Compared, Comparison, PoolParameters
from app.datasets.draft_picks import DRAFT_PICKS
from app.listing.parameters import FilterText, Identifier
from app.people.queries import OUTCOMES
from app.web.elements import Link
from app.web.formatting import NO_RECORD, number, sentence_list
from app.web.parameters import Given
from app.web.players.athletics import percentile_radar
from app.web.plots import Radar
from app.web.search.queries import Hit


def _split(value: object) -> object:
    """Separate ids at the commas; a person who is named twice counts once."""
    return list(dict.fromkeys(part.strip() for part in value.split(",") if part.strip())) if isinstance(value, str) else value


class ComparePageParameters(PoolParameters):
    """The people, fewer than two while they are being chosen, and the name of one who is to be added."""

    ids: Annotated[list[Identifier], BeforeValidator(_split)] = Field(default_factory=list, max_length=MOST_COMPARED)
    add: FilterText | None = None


@dataclass(frozen=True, slots=True)
class ComparePage:
    """The people side by side; with fewer than two, the form to add more. ``found`` are those who have the name that was entered.

    ``without`` has the URL without each of the people. ``careers`` has what became of each by the heading of the row: the number, or a
    dash and why there is none; ``entries`` has how those without a selection entered the league.
    """

    names: tuple[str, ...]
    problem: str | None
    people: Sequence[Compared]
    without: Mapping[int, str]
    radar: Radar | None
    careers: Mapping[str, Sequence[tuple[str, str]]]
    entries: Mapping[int, str]
    add: str
    found: tuple[tuple[Hit, str], ...]
    hidden: tuple[tuple[str, str], ...]
    full: bool
    pool: Link
    earlier_only: bool


def compare_page(
    given: Given[ComparePageParameters],
    names: Sequence[str] = (),
    comparison: Comparison | None = None,
    entries: Mapping[int, str] | None = None,
    found: Sequence[Hit] = (),
) -> ComparePage:
    """Build the page."""
    parameters = given.parameters
    people = comparison.people if comparison else []
    ids = [str(person.person_id) for person in people] or [str(person_id) for person_id in parameters.ids]
    earlier = parameters.earlier_only
    return ComparePage(
        names=tuple(person.name for person in people) or tuple(names),
        problem=given.problem,
        people=people,
        without={int(one): given.url(ids=",".join(each for each in ids if each != one), add="") for one in ids},
        radar=percentile_radar([(person.name, person.drills) for person in people]),
        careers={_outcome_label(name): [_outcome(person, name) for person in people] for name in OUTCOMES},
        entries={person.person_id: (entries or {}).get(person.person_id, "") for person in people},
        add=given.texts.get("add", ""),
        found=tuple((hit, added_url(given, hit.person_id)) for hit in found if str(hit.person_id) not in ids),
        hidden=given.hidden(("add",)),
        full=len(ids) >= MOST_COMPARED,
        pool=Link(
            "Compare with all classes" if earlier else "Compare each only with the classes before his own",
            given.url(earlier_only="" if earlier else "true", add=""),
        ),
        earlier_only=earlier,
    )


def _outcome_label(name: str) -> str:
    return next(field.label or name for field in DRAFT_PICKS.fields if field.name == name)


def _outcome(person: Compared, name: str) -> tuple[str, str]:
    """Return a number of the person's career, of each selection if there are several, and the reason if there is none."""
    if not person.selections:
        return "–", "no selection in the draft file"
    numbers = {pick.season: getattr(pick, name) for pick in person.selections}
    if all(value is None for value in numbers.values()):
        return "–", NO_RECORD
    if len(numbers) == 1:
        return number(*numbers.values()), ""
    return sentence_list([f"{number(value)} (selected in {season})" for season, value in numbers.items()]), ""


def added_url(given: Given[ComparePageParameters], person_id: int) -> str:
    """Return the URL of the comparison with one person more."""
    return given.url(ids=",".join(map(str, [*given.parameters.ids, person_id])), add="")
