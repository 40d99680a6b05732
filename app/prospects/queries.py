"""The table of prospects as a sub-query, and the list of them.

``PROSPECT`` joins ``draft_pick`` and ``combine_entry``. It is a union of the selections, with the entry of the same person, and the entries
without a selection of their own: PostgreSQL passes a condition on to both parts, which it does not into a full join.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    false,
    func,
    insert,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from app.context.references import EDGE_ROLE
from app.datasets.combine import DRILLS
from app.datasets.draft_picks import SACKS
from app.datasets.prospects import EDGE_GAMES, EDGE_SACKS, INPUTS, OUTCOMES, PROSPECTS
from app.db.models import combine_entry, draft_pick, prospect_row
from app.db.statements import compile_statement, rounded
from app.listing.derived import listing
from app.listing.filters import one_of
from app.listing.past import rows_as_of

_PICKED = ("round", "pick", "team", "gsis_id", "franchise_id", "age", *OUTCOMES)
_MEASURED = ("ht", *DRILLS)


def _rows(picks: FromClause, entries: FromClause, drafted_person: ColumnElement[bool]) -> FromClause:
    """Return the union of both parts; ``drafted_person`` is true of an entry whose person has a selection."""
    pick, entry = picks.c, entries.c
    same, later = _same(picks, entries)
    drafted = {
        "drafted": true(),
        "measured": entry.person_id.is_not(None),
        "season": pick.season,
        "person_id": pick.person_id,
        "name": pick.pfr_player_name,
        "pfr_id": func.coalesce(pick.pfr_player_id, entry.pfr_id),
        "cfb_id": func.coalesce(pick.cfb_player_id, entry.cfb_id),
        "position": func.coalesce(entry.pos, pick.position),
        "draft_position": pick.position,
        "college": func.coalesce(pick.college, entry.school),
        "college_id": func.coalesce(pick.college_id, entry.college_id),
        **{name: pick[name] for name in _PICKED},
    }
    undrafted = {
        "drafted": drafted_person,
        "measured": true(),
        "season": entry.season,
        "person_id": entry.person_id,
        "name": entry.player_name,
        "pfr_id": entry.pfr_id,
        "cfb_id": entry.cfb_id,
        "position": entry.pos,
        "draft_position": cast(null(), Text),
        "college": entry.school,
        "college_id": entry.college_id,
        **{name: cast(null(), pick[name].type) for name in _PICKED},
    }
    return union_all(
        _part(drafted, entries).select_from(picks.outerjoin(entries, or_(same, later))),
        _part(undrafted, entries).select_from(entries).where(*(~exists().where(each).correlate(entries) for each in (same, later))),
    ).subquery("row")


def _same(picks: FromClause, entries: FromClause) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the two conditions that pair a selection with an entry: the same year, or the person's last entry before that year.

    Either way an entry has one selection at most. There are two because only the first can use the year of a filter.
    """
    pick, entry = picks.c, entries.c
    other_pick, other_entry = picks.alias("other_pick").c, entries.alias("other_entry").c
    between = (
        (other_pick.person_id == entry.person_id, other_pick.season >= entry.season, other_pick.season < pick.season),
        (other_entry.person_id == entry.person_id, other_entry.season > entry.season, other_entry.season <= pick.season),
    )
    person = entry.person_id == pick.person_id
    none = (~exists().where(*conditions).correlate(picks, entries) for conditions in between)
    return and_(person, entry.season == pick.season), and_(person, entry.season < pick.season, *none)


def _part(own: Mapping[str, ColumnElement[Any]], entries: FromClause) -> Select[tuple[object, ...]]:
    """Return a part of the union: its own columns, and what was measured."""
    columns = {**own, **{name: entries.c[name] for name in _MEASURED}}
    return select(*(column.label(name) for name, column in columns.items()))


def _derived(row: FromClause) -> dict[str, ColumnElement[object]]:
    """Return the measures that follow from the drills; each is null when one of its inputs is.

    - Speed score: ``200 * weight / forty^4`` (Bill Barnwell, Pro Football Prospectus 2008).
    - Burst score: ``vertical + broad jump``; PlayerProfiler, which has the name, weighs the two without publishing how.
    - BMI: ``703 * weight / height^2`` (Centers for Disease Control).
    - Agility sum: ``cone + shuttle``, PlayerProfiler's Agility Score.
    """
    of = row.c
    absent = (case((of[name].is_(None), literal_column(f"'{name}'", Text))) for name in INPUTS)
    names = func.concat_ws(literal_column("', '", Text), *absent)
    return {
        "speed_score": rounded(of.wt * literal_column("200.0") / func.power(of.forty, literal_column("4")), 2),
        "burst_score": rounded(of.vertical + of.broad_jump, 2),
        "bmi": rounded(of.wt * literal_column("703.0") / (of.height_in * of.height_in), 2),
        "agility_sum": rounded(of.cone + of.shuttle, 2),
        "missing": case((of.measured, func.nullif(names, literal_column("''", Text))), else_=literal_column("'no combine entry'", Text)),
        "edge": _edge(row),
    }


def _edge(row: FromClause) -> ColumnElement[object]:
    """Apply the rule that the declaration of ``edge`` states."""
    of = row.c

    def coded(*codes: str) -> ColumnElement[bool]:
        listed = [literal_column(f"'{code}'", Text) for code in codes]
        return or_(of.position.in_(listed), func.coalesce(of.draft_position.in_(listed), false()))

    known = and_(of.games >= literal_column(str(EDGE_GAMES)), of[SACKS].is_not(None))
    return case(
        (coded("DE", "EDGE"), true()),
        (~coded("OLB"), false()),
        (known, of[SACKS] >= of.games * literal_column(str(EDGE_SACKS))),
    )


def _with_derived(row: FromClause) -> FromClause:
    return select(row, *(column.label(name) for name, column in _derived(row).items())).subquery("prospect")


def prospects(picks: FromClause, entries: FromClause) -> FromClause:
    """Return a row per prospect, with the columns that the declaration calls stored, of these selections and combine entries.

    They need no index: the people with a selection are collected once, while ``exists`` would read all selections for each entry.
    """
    return _with_derived(_rows(picks, entries, entries.c.person_id.in_(select(picks.c.person_id))))


_ROWS = _rows(draft_pick, combine_entry, exists().where(draft_pick.c.person_id == combine_entry.c.person_id).correlate(combine_entry))
PROSPECT = _with_derived(_ROWS)


def _position(base: FromClause) -> ColumnElement[bool]:
    """Accept the codes asked for, and the edge rushers where their role is."""
    role = literal_column(f"'{EDGE_ROLE}'", Text)
    asked_for = role == func.any(bindparam("position", type_=ARRAY(Text)))
    return or_(one_of("position", "position")(base), and_(asked_for, base.c.edge))


LISTING = replace(
    listing(PROSPECTS, PROSPECT, filters={"position": _position}),
    table_as_of=prospects(*(rows_as_of(name) for name in PROSPECTS.made_of)),
)
FIELDS = LISTING.fields

FILL = compile_statement(insert(prospect_row).from_select([*prospect_row.c], select(*(_ROWS.c[column.name] for column in prospect_row.c))))
"""Fill the read model ``prospect_row``, which is empty."""
READ_MODEL = listing(PROSPECTS, _with_derived(prospect_row), filters={"position": _position})
"""The same prospects with fewer texts, from the read model."""
