"""What people measured, among others of their position: on a player card, and side by side."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from app.athletics.schemas import Measured, PersonComparables, PersonPercentiles, PersonScore, Score
from app.web.elements import Link
from app.web.plots import Radar, radar

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


@dataclass(frozen=True, slots=True)
class AthleticCard:
    """Score, radar and comparables of one visit to the combine. ``others`` lead to other visits and other classes to compare with.

    ``entries`` has how comparables without a selection entered the league.
    """

    visit: int
    score: Score
    radar: Radar | None
    found: PersonComparables
    entries: Mapping[int, str]
    earlier_only: bool
    others: tuple[Link, ...]
    compare_url: str


def athletic_card(
    percentiles: PersonPercentiles, score: PersonScore, found: PersonComparables, entries: Mapping[int, str], *, earlier_only: bool
) -> AthleticCard | None:
    """Build the card; None for a person who was never at the combine."""
    if percentiles.visit is None:
        return None
    most_alike = [percentiles.person_id, *dict.fromkeys(each.person_id for each in found.comparables)][:6]
    return AthleticCard(
        visit=percentiles.visit,
        score=score.athletic_score,
        radar=percentile_radar([(percentiles.name, percentiles.drills)]),
        found=found,
        entries={each.person_id: entries.get(each.person_id, "") for each in found.comparables},
        earlier_only=earlier_only,
        others=_other_cards(percentiles, percentiles.visit, earlier_only=earlier_only),
        compare_url=f"/compare?ids={','.join(map(str, most_alike))}",
    )


def _other_cards(shown: PersonPercentiles, visit: int, *, earlier_only: bool) -> tuple[Link, ...]:
    """Link to the other visits, and to the other choice of classes."""

    def url(to: int, *, earlier: bool) -> str:
        query = ([("visit", to)] if to != shown.visits[-1] else []) + ([("earlier_only", "true")] if earlier else [])
        return f"/people/{shown.person_id}" + (f"?{urlencode(query)}" if query else "") + "#athletics"

    visits = [Link(f"Combine of {each}", url(each, earlier=earlier_only)) for each in shown.visits if each != visit]
    other = "Compare with all classes" if earlier_only else f"Compare only with classes before {visit}"
    return *visits, Link(other, url(visit, earlier=not earlier_only))


def percentile_radar(people: Iterable[tuple[str, Sequence[Measured]]]) -> Radar | None:
    """Draw people's percentiles, each among his own position."""
    shown = [(name, {each.drill: each.percentile for each in drills}) for name, drills in people]
    return radar(list(SHORT_NAMES.values()), [(name, [values[drill] for drill in SHORT_NAMES]) for name, values in shown])
