"""A player card: what the people service knows about one person, as the page shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from app.context.references import References
from app.datasets import DATASETS
from app.datasets.draft_picks import DRAFT_PICKS
from app.history.schemas import FieldHistory, PersonHistory, RecordHistory, Span
from app.listing.model import Row, Scalar
from app.people.schemas import CombineEntry, Conflict, PersonDetail
from app.web.formatting import day, number, ordinal, points, sentence_list
from app.web.parameters import label_of
from app.web.players.athletics import AthleticCard
from app.web.plots import steps
from app.web.rows import with_team_names
from app.web.wording import CAREER_IDS, CLAIMS, ID_NAMES, entry_facts, position_name, seasons_in_league

#: The latest values that are named of one that has often changed.
_NAMED_VALUES = 4


class Selection(NamedTuple):
    """One selection, and what became of it: figures by their labels, below a heading; ``silent`` are the headings without any."""

    row: Row
    outcomes: Mapping[str, Mapping[str, str | None]]
    silent: tuple[str, ...]


class Entry(NamedTuple):
    """How a player without a selection in the draft file came into the league, as far as it is known."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """An open question about identity, in a sentence, with the card of the other person and the evidence."""

    sentence: str
    other_url: str
    evidence_url: str


@dataclass(frozen=True, slots=True)
class ValueHistory:
    """A value that loads have changed: which one, the values in words, and those of a number as steps in a drawing of 120 by 28."""

    label: str
    record: str
    words: str
    steps: str | None


@dataclass(frozen=True, slots=True)
class PlayerPage:
    """A player card. ``before_combines`` is the first combine season of the data when the player came before it.

    ``entry`` is for a player without a selection in the draft file.
    """

    person_id: int
    name: str
    position_name: str
    synthetic: bool
    summary: str
    selections: Sequence[Selection]
    combines: Sequence[CombineEntry]
    athletics: AthleticCard | None
    before_combines: int | None
    aliases: tuple[str, ...]
    external_ids: tuple[tuple[str, str], ...]
    questions: tuple[OpenQuestion, ...]
    born: str | None = None
    entry: Entry | None = None
    changed: tuple[ValueHistory, ...] = ()


def player_page(
    person: PersonDetail,
    references: References,
    first_seasons: Mapping[str, int | None],
    athletics: AthleticCard | None = None,
    history: PersonHistory | None = None,
) -> PlayerPage:
    """Build the card. ``first_seasons`` are those of the data sets that are loaded."""
    first_combine = first_seasons.get("combine")
    selections = [_selection(row, references) for row in person.selections]
    more_ids = [(label, str(career[name])) for career in person.careers for name, label in CAREER_IDS.items() if career[name] is not None]
    return PlayerPage(
        person_id=person.person_id,
        name=person.name,
        position_name=position_name(person.position_leaf),
        synthetic=person.synthetic,
        summary=_summary(person, selections),
        selections=selections,
        combines=person.combine,
        athletics=athletics,
        before_combines=first_combine if first_combine and person.first_season < first_combine else None,
        aliases=tuple(sorted({alias.name for alias in person.aliases} - {person.name})),
        external_ids=(*((ID_NAMES.get(each.type, each.type), each.value) for each in person.external_ids), *more_ids),
        questions=_questions(person.conflicts),
        born=_born(person.careers),
        entry=None if selections else entry(person.careers[0] if person.careers else None, references, first_seasons.get("draft_picks")),
        changed=tuple(_value_history(record, field) for record in (history.records if history else ()) for field in record.fields),
    )


def _selection(row: Row, references: References) -> Selection:
    outcomes = {
        heading: {field.label or field.name: _figure(field.name, row[field.name]) for field in fields}
        for heading, fields in DRAFT_PICKS.sections.items()
    }
    silent = tuple(heading for heading, figures in outcomes.items() if all(figure is None for figure in figures.values()))
    return Selection(with_team_names(row, references), outcomes, silent)


def _figure(name: str, value: Scalar) -> str | None:
    """Write an outcome; a year has no thousands separator."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(value) if isinstance(value, int | float) and name != "to" else str(value)


def _summary(person: PersonDetail, selections: Sequence[Selection]) -> str:
    """Summarise in one line where the player came from and how he entered the league."""
    parts = [person.college] if person.college else []
    parts += [f"{ordinal(int(str(row['pick'])))} overall in {row['season']}" for row, _, _ in selections]
    if not selections:
        if seasons := sentence_list([str(entry.season) for entry in person.combine]):
            parts.append(f"combine of {seasons}")
        parts += entry_facts(person.careers[0] if person.careers else None)
    return " · ".join(parts)


def _born(careers: Sequence[Row]) -> str | None:
    birth_date = careers[0]["birth_date"] if careers else None
    return None if birth_date is None else f"{date.fromisoformat(str(birth_date)):%-d %B %Y}"


def entry(career: Row | None, references: References, first_class: int | None) -> Entry:
    """Describe how a player without a selection in the draft file, which begins with ``first_class``, came into the league."""
    if career is None:
        return Entry("Not selected", "Not selected in the regular draft. Supplemental drafts are not in the draft file.")
    seasons = seasons_in_league(career)
    league = f"On record in the league: {seasons}. " if seasons else ""
    if career["selection"] == "undrafted":
        return Entry(
            "Not selected",
            f"Selected neither in the regular draft nor in a supplemental one. {league}Career values exist for selections only.",
        )
    if career["draft_year"] is None:
        begins = f"The draft file begins with the class of {first_class}." if first_class else "No draft file is loaded."
        return Entry("No selection on record", f"{league}{begins}")
    year = int(str(career["draft_year"]))
    by = f"by the {_club(str(career['draft_team']), year, references)}" if career["draft_team"] else ""
    round_ = f"in the {ordinal(int(str(career['draft_round'])))} round" if career["draft_round"] is not None else ""
    if career["selection"] == "supplemental":
        chosen = " ".join(part for part in ("Chosen", by, f"{round_} of" if round_ else "in", "the supplemental draft. ") if part)
        why = "Supplemental selections are not in the draft file and have no career value here."
        return Entry(f"Supplemental draft of {year}", f"{chosen}{league}{why}")
    pick = f"as pick {career['draft_pick']}" if career["draft_pick"] is not None else ""
    details = ", ".join(part for part in (pick, round_, by) if part)
    selected = f"Selected {details}. " if details else ""
    return Entry(f"Selected in {year}", f"{selected}{league}The draft file does not have this selection, so its career value is unknown.")


def _club(code: str, year: int, references: References) -> str:
    """Return what the club with this code of nflverse was called in a season."""
    clubs = {references.nflverse_team(each.franchise_id): each.code for each in references.franchises.values()}
    return references.team_name(clubs.get(code, code), year)


def _questions(conflicts: Sequence[Conflict]) -> tuple[OpenQuestion, ...]:
    """Write one sentence for each other person with open conflicts, however many they are."""
    others: dict[int, list[Conflict]] = {}
    for conflict in conflicts:
        if conflict.state == "open":
            others.setdefault(conflict.other_person_id, []).append(conflict)
    return tuple(_question(person_id, doubts) for person_id, doubts in others.items())


def _question(other_id: int, doubts: Sequence[Conflict]) -> OpenQuestion:
    other = doubts[0].other_name or f"player {other_id}"
    claims = sentence_list([f"{CLAIMS.get(each.id_type, each.id_type)} {each.value}" for each in doubts])
    sentence = f"Both this player and {other} are recorded with {claims}. They are treated as two players until the conflict is resolved."
    return OpenQuestion(sentence, f"/people/{other_id}", f"/identity/{doubts[0].conflict_id}")


def _value_history(record: RecordHistory, field: FieldHistory) -> ValueHistory:
    declared = DATASETS[record.dataset]
    label = next((each.label for each in declared.stored if each.name == field.field and each.label), label_of(field.field))
    spans = field.values
    words = [_value_text(spans[0]), *(_change_text(span) for span in spans[1:])]
    if len(words) > _NAMED_VALUES:
        words = [f"{words[0]} at first", "…", *words[-_NAMED_VALUES + 1 :]]
    if removed := spans[-1].until_run:
        words.append(f"removed (load {removed})")
    numbers = [float(span.value) for span in spans if isinstance(span.value, int | float) and not isinstance(span.value, bool)]
    return ValueHistory(
        label=label,
        record=f"{declared.title} {record.key}",
        words=", then ".join(words),
        steps=steps(numbers, 120, 28) if len(numbers) == len(spans) else None,
    )


def _change_text(span: Span) -> str:
    when = f", {day(span.from_time)}" if span.from_time else ""
    return f"{_value_text(span)} (load {span.from_run}{when})"


def _value_text(span: Span) -> str:
    match span.value:
        case None:
            return "no value"
        case bool():
            return "yes" if span.value else "no"
        case float():
            return points(span.value)
        case _:
            return str(span.value)
