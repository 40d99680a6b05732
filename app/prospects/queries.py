"""The table of prospects as a sub-query, and the list of them.

``PROSPECT`` joins ``draft_pick`` and ``combine_entry``. It is a union of the selections, with the entry of the same person and year, and
the entries without such a selection: PostgreSQL passes a condition on to both parts, which it does not into a full join.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Numeric,
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
from app.db.models import LoadedDataset, ReadModel, combine_entry, draft_pick, prospect_row
from app.db.statements import compile_statement
from app.listing.derived import listing
from app.listing.filters import one_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import FromClause, Select

_pick, _entry = draft_pick.c, combine_entry.c
_SAME = and_(_entry.person_id == _pick.person_id, _entry.season == _pick.season)
_PICKED = ("round", "pick", "team", "gsis_id", "franchise_id", "age", *OUTCOMES)
_MEASURED = ("ht", *DRILLS)


def _part(own: Mapping[str, ColumnElement[object]], *, drafted: bool, measured: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    """Return a part of the union; without a selection, its columns are null."""
    picked = {name: _pick[name] if drafted else cast(null(), _pick[name].type) for name in _PICKED}
    columns = {"drafted": true() if drafted else false(), "measured": measured, **own, **picked}
    columns |= {name: _entry[name] for name in _MEASURED}
    return select(*(column.label(name) for name, column in columns.items()))


_DRAFTED = _part(
    {
        "season": _pick.season,
        "person_id": _pick.person_id,
        "name": _pick.pfr_player_name,
        "pfr_id": func.coalesce(_pick.pfr_player_id, _entry.pfr_id),
        "cfb_id": func.coalesce(_pick.cfb_player_id, _entry.cfb_id),
        "position": func.coalesce(_entry.pos, _pick.position),
        "draft_position": _pick.position,
        "college": func.coalesce(_pick.college, _entry.school),
        "college_id": func.coalesce(_pick.college_id, _entry.college_id),
    },
    drafted=True,
    measured=_entry.person_id.is_not(None),
).select_from(draft_pick.outerjoin(combine_entry, _SAME))

_UNDRAFTED = (
    _part(
        {
            "season": _entry.season,
            "person_id": _entry.person_id,
            "name": _entry.player_name,
            "pfr_id": _entry.pfr_id,
            "cfb_id": _entry.cfb_id,
            "position": _entry.pos,
            "draft_position": cast(null(), Text),
            "college": _entry.school,
            "college_id": _entry.college_id,
        },
        drafted=False,
        measured=true(),
    )
    .select_from(combine_entry)
    .where(~exists().where(_SAME).correlate(combine_entry))
)


def _rounded(value: ColumnElement[Any]) -> ColumnElement[object]:
    """Round to two decimals: 7.38 + 4.5 is 11.88, not 11.879999999999999."""
    rounded: ColumnElement[Any] = cast(func.round(cast(value, Numeric), literal_column("2")), Float)
    return rounded


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
        "speed_score": _rounded(of.wt * literal_column("200.0") / func.power(of.forty, literal_column("4"))),
        "burst_score": _rounded(of.vertical + of.broad_jump),
        "bmi": _rounded(of.wt * literal_column("703.0") / (of.height_in * of.height_in)),
        "agility_sum": _rounded(of.cone + of.shuttle),
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


_ROWS = union_all(_DRAFTED, _UNDRAFTED).subquery("row")


def _with_derived(row: FromClause) -> FromClause:
    return select(row, *(column.label(name) for name, column in _derived(row).items())).subquery("prospect")


PROSPECT = _with_derived(_ROWS)
"""A row per prospect, with the columns that the declaration calls stored."""


def _position(base: FromClause) -> ColumnElement[bool]:
    """Accept the codes asked for, and the edge rushers where their role is."""
    role = literal_column(f"'{EDGE_ROLE}'", Text)
    asked_for = role == func.any(bindparam("position", type_=ARRAY(Text)))
    return or_(one_of("position", "position")(base), and_(asked_for, base.c.edge))


LISTING = listing(PROSPECTS, PROSPECT, filters={"position": _position})
FIELDS = LISTING.fields

FILL = compile_statement(insert(prospect_row).from_select([*prospect_row.c], select(*(_ROWS.c[column.name] for column in prospect_row.c))))
"""Fill the read model ``prospect_row``, which is empty."""
READ_MODEL = listing(PROSPECTS, _with_derived(prospect_row), filters={"position": _position})
"""The same prospects without names and ids, from the read model."""
_CURRENT = and_(
    ReadModel.model == literal_column(f"'{prospect_row.name}'", Text),
    ReadModel.dataset == LoadedDataset.dataset,
    ReadModel.version == LoadedDataset.version,
    ReadModel.updated_at == LoadedDataset.updated_at,
)
IS_CURRENT = compile_statement(select(func.count() == literal_column(str(len(PROSPECTS.made_of)))).where(_CURRENT))
"""Whether the read model is made of the rows that are loaded: a release that does not know it may have loaded others."""
