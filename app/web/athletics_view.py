"""What people measured, among others of their position: on a player card, and side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from app.web.formatting import number, ordinal, sentence_list
from app.web.plots import radar
from app.web.schemas import Link
from app.web.wording import DRILL_TEXTS, position_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from app.athletics.schemas import Comparable, Measured, PersonComparables, PersonPercentiles, PersonScore, Score
    from app.people.schemas import SelectionInShort
    from app.web.plots import Radar

#: What the radar calls a drill; there is no room for more.
SHORT_NAMES = {
    "height_in": "Height",
    "wt": "Weight",
    "forty": "40 yards",
    "bench": "Bench",
    "vertical": "Vertical",
    "broad_jump": "Broad",
    "cone": "3-cone",
    "shuttle": "Shuttle",
}
SCORES_PATH = "/api/v1/analytics/athletic-score"


@dataclass(frozen=True, slots=True)
class ScoreCard:
    """An Athletic Score, or ``reason`` why there is none; ``scope`` names the people who were ranked, ``n`` how many they are."""

    score: str | None
    share: float
    n: int
    scope: str
    metrics: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class ComparableLine:
    """One of the people most alike."""

    person_id: int
    name: str
    season: int
    school: str | None
    similarity: float
    shared: int
    selected: str
    compare_url: str


@dataclass(frozen=True, slots=True)
class AthleticCard:
    """Score, radar and comparables of one visit to the combine. ``others`` lead to other visits and other classes to compare with."""

    visit: int
    score: ScoreCard
    radar: Radar | None
    comparables: tuple[ComparableLine, ...]
    compared: int
    scope: str
    reason: str | None
    earlier_only: bool
    others: tuple[Link, ...]
    compare_url: str
    downloads: tuple[Link, ...]


def athletic_card(
    percentiles: PersonPercentiles, score: PersonScore, found: PersonComparables, *, earlier_only: bool
) -> AthleticCard | None:
    """Build the card; None for a person who was never at the combine."""
    if percentiles.visit is None:
        return None
    person_id, last = percentiles.person_id, percentiles.visits[-1]
    most_alike = [person_id, *dict.fromkeys(each.person_id for each in found.comparables)][:6]
    return AthleticCard(
        visit=percentiles.visit,
        score=score_card(score.athletic_score),
        radar=percentile_radar([(percentiles.name, percentiles.drills)]),
        comparables=tuple(_comparable(each, person_id) for each in found.comparables),
        compared=found.n,
        scope=position_name(found.scope, many=True),
        reason=found.note and f"{found.note.rstrip('.')}.",
        earlier_only=earlier_only,
        others=tuple(
            Link(label, _card_url(person_id, None if visit == last else visit, earlier_only=earlier), visit == percentiles.visit)
            for label, visit, earlier in _other_cards(percentiles, earlier_only=earlier_only)
        ),
        compare_url=compare_url(most_alike),
        downloads=(
            Link("CSV", f"{SCORES_PATH}?{urlencode({'person_id': person_id, 'format': 'csv'})}"),
            Link("JSON", f"/api/v1/people/{person_id}/comparables?limit=100"),
        ),
    )


def _other_cards(shown: PersonPercentiles, *, earlier_only: bool) -> list[tuple[str, int, bool]]:
    """List the other visits, and the other choice of classes."""
    visit = shown.visits[-1] if shown.visit is None else shown.visit
    other = "Compare with all classes" if earlier_only else f"Compare only with classes before {visit}"
    return [*((f"Combine of {each}", each, earlier_only) for each in shown.visits if each != visit), (other, visit, not earlier_only)]


def _card_url(person_id: int, visit: int | None, *, earlier_only: bool) -> str:
    query = {**({"visit": visit} if visit else {}), **({"earlier_only": "true"} if earlier_only else {})}
    return f"/people/{person_id}" + (f"?{urlencode(query)}" if query else "") + "#athletics"


def score_card(score: Score) -> ScoreCard:
    """Write a score for people."""
    return ScoreCard(
        score=None if score.score is None else number(score.score, 2),
        share=0 if score.score is None else round(10 * score.score, 2),
        n=score.n,
        scope=position_name(score.scope, many=True),
        metrics=score.metrics,
        reason=score.note and f"{score.note.rstrip('.')}.",
    )


def percentile_radar(people: Iterable[tuple[str, Sequence[Measured]]]) -> Radar | None:
    """Draw people's percentiles, each among his own position."""
    shown = [(name, {each.drill: each.percentile for each in drills}) for name, drills in people]
    return radar(list(SHORT_NAMES.values()), [(name, [values[drill] for drill in SHORT_NAMES]) for name, values in shown])


def _comparable(each: Comparable, person_id: int) -> ComparableLine:
    return ComparableLine(
        person_id=each.person_id,
        name=each.name,
        season=each.season,
        school=each.school,
        similarity=each.similarity,
        shared=each.shared,
        selected=selected_words(each.selections),
        compare_url=compare_url([person_id, each.person_id]),
    )


def selected_words(selections: Sequence[SelectionInShort]) -> str:
    """Write when a person was selected."""
    words = [f"{each.season}, round {each.round}, {ordinal(each.pick)} overall, {each.team}" for each in selections]
    return sentence_list(words) or "not selected"


def compare_url(person_ids: Iterable[int]) -> str:
    """Return the URL of the page that has these people side by side; commas stay readable."""
    return f"/compare?ids={','.join(map(str, person_ids))}"


def drill_value(drill: str, value: float | None) -> str | None:
    """Write a measurement."""
    return None if value is None else DRILL_TEXTS[drill].text(value)
