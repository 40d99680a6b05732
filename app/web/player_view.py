"""A player card: one person's rows as what the page shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.web.formatting import ordinal, sentence_list
from app.web.schemas import CombineCard, Conflict, DrillLine, Figure, FigureGroup, SelectionCard
from app.web.wording import CONFLICT_REASONS, DRILL_TEXTS, ID_NAMES, OUTCOMES, position_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import asyncpg

#: Below this many results a position is too small to compare with, and its group is used instead.
SMALLEST_GROUP = 20
#: In these drills the lower value is the better one.
TIMES = frozenset({"forty", "cone", "shuttle"})


def percentile(drill: str, lower: int, equal: int, total: int) -> float:
    """Where a result stands among ``total``: half of the equal ones count as below it; 100 is the better end, also for times."""
    rank = 100 * (lower + equal / 2) / total
    return 100 - rank if drill in TIMES else rank


def combine_card(entry: asyncpg.Record, places: Iterable[asyncpg.Record]) -> CombineCard:
    """One combine appearance; ``places`` are the rows of the distribution for its results, by position and by group."""
    leaf: str = entry["position_leaf"]
    group: str = entry["position_group"]
    by_scope = {(place["scope"], place["drill"]): place for place in places}
    lines = []
    for key in DRILL_TEXTS:
        value = entry[key]
        place = by_scope.get(("leaf", key))
        wider = by_scope.get(("group", key))
        widened = wider is not None and (place is None or place["total"] < SMALLEST_GROUP)
        lines.append(_drill_line(key, value, wider if widened else place, group if widened else leaf, widened=widened and leaf != group))
    return CombineCard(
        season=entry["season"],
        compared_with=position_name(leaf, many=True),
        widened_to=position_name(group, many=True) if any(line.widened for line in lines) else None,
        drills=tuple(lines),
        measured=sum(line.value is not None for line in lines),
    )


def _drill_line(key: str, value: object, place: asyncpg.Record | None, group: str, *, widened: bool) -> DrillLine:
    drill = DRILL_TEXTS[key]
    if not isinstance(value, int | float):
        return DrillLine(drill.label, None, None, 0, "", widened=False)
    words = position_name(group, many=True)
    if place is None:
        return DrillLine(drill.label, drill.text(value), None, 0, words, widened=False)
    rank = percentile(key, place["lower"], place["equal"], place["total"])
    return DrillLine(drill.label, drill.text(value), round(rank, 2), place["total"], words, widened)


def results(entry: asyncpg.Record) -> dict[str, float]:
    """The drills that were measured, with their values."""
    return {key: float(value) for key in DRILL_TEXTS if isinstance(value := entry[key], int | float)}


def selection_card(row: asyncpg.Record) -> SelectionCard:
    """One selection with its outcomes, null where the source has none."""
    return SelectionCard(
        season=row["season"],
        round=row["round"],
        pick=row["pick"],
        team_name=row["team_name"],
        franchise_slug=row["franchise_slug"],
        hof=row["hof"],
        groups=tuple(
            FigureGroup(label, tuple(Figure(name, row[key], is_year=key == "to") for key, name in keys)) for label, keys in OUTCOMES
        ),
    )


def summary(college: str | None, selections: Sequence[SelectionCard], combines: Sequence[CombineCard]) -> str:
    """One sentence: where he came from and how he entered the league."""
    parts = [college] if college else []
    parts += [f"{ordinal(each.pick)} overall in {each.season}" for each in selections]
    if not selections:
        seasons = sentence_list([str(card.season) for card in combines])
        parts.append(f"combine of {seasons}, not selected" if seasons else "not selected")
    return " · ".join(parts)


def hit_facts(row: asyncpg.Record) -> str:
    """What tells one search result from its namesake."""
    parts = [row["position"], row["college"]]
    if row["season"] is not None:
        parts.append(f"{row['season']}, round {row['round']}, pick {row['pick']}, {row['team']}")
    else:
        parts.append(f"combine of {row['last_season']}, not selected")
    return " · ".join(part for part in parts if part)


def conflict(row: asyncpg.Record) -> Conflict:
    """An open question about identity as a sentence."""
    pattern = CONFLICT_REASONS.get(row["reason"], "It is open whether this player and {other} are the same person.")
    sentence = pattern.format(id=ID_NAMES.get(row["id_type"], row["id_type"]), value=row["value"], other=row["name"])
    return Conflict(sentence, f"/people/{row['person_id']}")
