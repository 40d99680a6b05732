"""Identity for every caller: API, page and command line."""

from collections.abc import Iterable, Mapping

from app.context import ServiceContext
from app.errors import NotFound
from app.identity.queries import CONFLICT, CONFLICTS, DECISIONS, DECISIONS_ABOUT, PERSON_IDS
from app.identity.schemas import ConflictDetail, Evidence
from app.listing.query import plain_list
from app.people.schemas import PersonDetail
from app.people.service import detail as person_detail

#: What a visit to the combine says of the build; the year stands behind the value, in brackets.
_DRILLS = {"height_in": "height", "wt": "weight"}

list_conflicts = plain_list(CONFLICTS)
list_decisions = plain_list(DECISIONS)
"""The latest first."""
list_person_ids = plain_list(PERSON_IDS)


async def conflict_detail(context: ServiceContext, conflict_id: int) -> ConflictDetail:
    """Return one conflict with both sides and their evidence.

    Raises:
        NotFound: the number does not exist.
    """
    row = await context.database.fetch_row(CONFLICT, {"conflict_id": conflict_id})
    if row is None:
        raise NotFound(f"No identity conflict has the number {conflict_id}.")
    sides = (int(row["person_id"]), int(row["other_person_id"]))
    person, other = [await person_detail(context, side) for side in sides]
    about = {"conflict_id": conflict_id, "one": sides[0], "two": sides[1]}
    # the records of both have it, though only one person is known by it
    holds = row["reason"] in ("shared_id", "other_build") and row["state"] != "settled"
    shared = {f"{row['id_type']} id": {str(row["value"])}} if holds else {}
    decisions = await context.database.fetch(DECISIONS_ABOUT, about)
    return ConflictDetail(
        conflict=dict(row),
        evidence=_evidence(person, other, shared),
        person=person,
        other=other,
        decisions=[{**dict(each), "decided_at": each["decided_at"].isoformat()} for each in decisions],
        dataset_version=person.dataset_version,
    )


def _evidence(person: PersonDetail, other: PersonDetail, shared: Mapping[str, set[str]]) -> list[Evidence]:
    """Compare what both sides say, piece by piece; several values of a side agree if one is the same, whatever the year of a measure.

    ``shared`` is the id that the records of both have.
    """
    sides = (_said(person), _said(other))
    evidence = []
    for what in sides[0]:
        one, two = (side[what] | shared.get(what, set()) for side in sides)
        if one or two:
            said = [{each.partition(" (")[0] for each in side} if what in _DRILLS.values() else side for side in (one, two)]
            agrees = not said[0].isdisjoint(said[1]) if one and two else None
            evidence.append(Evidence(what=what, person=_text(one), other=_text(two), agrees=agrees))
    return evidence


def _said(person: PersonDetail) -> dict[str, set[str]]:
    """Return what a person's records say."""
    ids = {kind: {each.value for each in person.external_ids if each.type == kind} for kind in ("gsis", "esb", "pfr", "cfb")}
    selections = [f"{each['season']} #{each['pick']}" for each in person.selections]
    measured = {
        label: {f"{drill.value:g} ({entry.season})" for entry in person.combine for drill in entry.drills if drill.drill == name}
        for name, label in _DRILLS.items()
    }
    return {
        "name": {person.name, *(each.name for each in person.aliases)},
        "college": _known([person.college]),
        "position": _known([person.position_leaf]),
        "classes": {str(season) for season in range(person.first_season, person.last_season + 1)},
        "selected": set(selections),
        "slot named at the combine": {f"{each.draft_year} #{each.draft_ovr}" for each in person.combine if each.draft_ovr is not None},
        "born": _known([each["birth_date"] for each in person.careers]),
        **{f"{kind} id": values for kind, values in ids.items()},
        **measured,
    }


def _known(values: Iterable[object]) -> set[str]:
    return {str(value) for value in values if value is not None}


def _text(values: set[str]) -> str | None:
    return ", ".join(sorted(values)) or None
