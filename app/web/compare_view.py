"""Two to six people side by side: what they measured, each among his own position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import BeforeValidator, Field

from app.athletics.schemas import MOST_COMPARED, PoolParameters
from app.listing.parameters import FilterText, Identifier
from app.web.athletics_view import SCORES_PATH, drill_value, percentile_radar, score_card, selected_words
from app.web.schemas import Link
from app.web.wording import DRILL_TEXTS, position_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.athletics.schemas import Compared, Comparison, Measured
    from app.web.athletics_view import ScoreCard
    from app.web.parameters import Given
    from app.web.plots import Radar
    from app.web.schemas import Hit


def _split(value: object) -> object:
    """Separate ids at the commas; a person who is named twice counts once."""
    return list(dict.fromkeys(part.strip() for part in value.split(",") if part.strip())) if isinstance(value, str) else value


class ComparePageParameters(PoolParameters):
    """The people, fewer than two while they are being chosen, and the name of one who is to be added."""

    ids: Annotated[list[Identifier], BeforeValidator(_split)] = Field(default_factory=list, max_length=MOST_COMPARED)
    add: FilterText | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """One person."""

    person_id: int
    name: str
    position: str
    school: str | None
    selected: str
    score: ScoreCard
    without: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One measurement of one person; ``reason`` says why there is no percentile, or why another group is compared."""

    name: str
    value: str | None
    percentile: float | None
    among: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class ComparePage:
    """The people side by side; with fewer than two, the form to add more. ``found`` are those who have the name that was entered."""

    names: tuple[str, ...]
    problem: str | None
    synthetic: bool
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    radar: Radar | None
    add: str
    found: tuple[tuple[Hit, str], ...]
    hidden: tuple[tuple[str, str], ...]
    full: bool
    pool: Link
    earlier_only: bool
    downloads: tuple[Link, ...]


def compare_page(
    given: Given[ComparePageParameters],
    names: Sequence[str],
    comparison: Comparison | None,
    found: Sequence[Hit],
    problem: str | None,
) -> ComparePage:
    """Build the page."""
    parameters = given.parameters or ComparePageParameters()
    people = comparison.people if comparison else []
    ids = [str(person.person_id) for person in people] or [str(person_id) for person_id in parameters.ids]
    joined = ",".join(ids)
    earlier = parameters.earlier_only
    return ComparePage(
        names=tuple(person.name for person in people) or tuple(names),
        problem=problem or given.problem,
        synthetic=comparison is not None and comparison.synthetic,
        columns=tuple(_column(person, given, ids) for person in people),
        rows=tuple((text.label, tuple(_cell(person, drill) for person in people)) for drill, text in DRILL_TEXTS.items()),
        radar=percentile_radar([(person.name, person.drills) for person in people]),
        add=given.texts.get("add", ""),
        found=tuple((hit, added_url(given, hit.person_id)) for hit in found if str(hit.person_id) not in ids),
        hidden=given.hidden(("add",)),
        full=len(ids) >= MOST_COMPARED,
        pool=Link(
            "Compare with all classes" if earlier else "Compare each only with the classes before his own",
            given.url(earlier_only="" if earlier else "true", add=""),
        ),
        earlier_only=earlier,
        downloads=(
            Link("CSV", f"{SCORES_PATH}?person_id={joined}&format=csv"),
            Link("JSON", f"/api/v1/compare?ids={joined}{'&earlier_only=true' if earlier else ''}"),
        ),
    )


def added_url(given: Given[ComparePageParameters], person_id: int) -> str:
    """Return the URL of the comparison with one person more."""
    ids = given.parameters.ids if given.parameters else []
    return given.url(ids=",".join(map(str, [*ids, person_id])), add="")


def _column(person: Compared, given: Given[ComparePageParameters], ids: Sequence[str]) -> Column:
    return Column(
        person_id=person.person_id,
        name=person.name,
        position="Not at the combine" if person.visit is None else f"{position_name(person.position_leaf)}, combine of {person.visit}",
        school=person.school,
        selected=selected_words(person.selections),
        score=score_card(person.athletic_score),
        without=given.url(ids=",".join(each for each in ids if each != str(person.person_id)), add=""),
    )


def _cell(person: Compared, drill: str) -> Cell:
    measured: Measured = next(each for each in person.drills if each.drill == drill)
    return Cell(
        name=person.name,
        value=drill_value(drill, measured.value),
        percentile=measured.percentile,
        among=f"{measured.n:,} {position_name(measured.scope, many=True)}",
        reason="no record" if person.visit is None else measured.note,
    )
