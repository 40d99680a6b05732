"""The list of selections with their value over expected, and the list of what classes were worth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Float,
    FromClause,
    Subquery,
    Text,
    and_,
    case,
    cast,
    column,
    func,
    insert,
    literal_column,
    null,
    select,
    true,
    tuple_,
    union_all,
    values,
)
from sqlalchemy.dialects.postgresql import ARRAY

from app.athletics.scores import SCORES
from app.datasets.pick_values import CHARTS
from app.db.models import Position, class_strength, combine_entry, draft_pick, entry_score, facts
from app.db.statements import compile_statement, rounded
from app.draft_picks import queries as draft_picks
from app.listing.filters import among, at_least, at_most, from_number, one_of, to_number
from app.listing.model import FieldInfo, Kind, Source, described, plain_listing
from app.pick_values.calculator import DIGITS
from app.value.formulas import FIRST_CLASS, LAST_CLASS, LAST_PICK, VALUE, VALUE_DIGITS, expected, model

# --- selections --------------------------------------------------------------------------------------------------------------

EXPECTED = described(
    FieldInfo("expected_w_av", Kind.NUMBER, f"w_av expected of the pick; null beyond pick {LAST_PICK}", example=7.15),
    FieldInfo("value_over_expected", Kind.NUMBER, "w_av - expected_w_av; a missing w_av counts as 0", example=176.85),
    FieldInfo("expected_n", Kind.INTEGER, "selections that the expected value is fitted to", required=True, example=4926),
    FieldInfo("expected_note", Kind.TEXT, "why there is no expected value"),
)
_BOUNDS = {"value_over_expected_min": at_least, "value_over_expected_max": at_most}


def _text(text: str) -> ColumnElement[str]:
    return literal_column(f"'{text}'", Text)


def _selections() -> Subquery:
    """Add the expected value and the residual to every selection, rounded and not."""
    line = model().subquery("model")
    mean = expected(line)
    residual = VALUE - mean
    note = case(
        (draft_pick.c.pick > LAST_PICK, _text(f"The model ends with pick {LAST_PICK}.")),
        (line.c.slope.is_(None), _text(f"No selections of {FIRST_CLASS} to {LAST_CLASS} are loaded.")),
    )
    return (
        select(
            *draft_pick.c,
            mean.label("expected"),
            residual.label("residual"),
            rounded(mean, VALUE_DIGITS).label("expected_w_av"),
            rounded(residual, VALUE_DIGITS).label("value_over_expected"),
            line.c.n.label("expected_n"),
            note.label("expected_note"),
        )
        .join_from(draft_pick, line, true())
        .subquery("selection")
    )


def _with_expected(base: FromClause) -> Source:
    source = draft_picks.LISTING.source(base)
    return replace(source, expressions={**source.expressions, **{name: base.c[name] for name in EXPECTED}})


_WHO = ("season", "round", "pick", "team", "franchise", "person_id", "name", "position", "position_leaf", "position_group", "games", "w_av")
OVER_EXPECTED = replace(
    draft_picks.LISTING,
    name="value_over_expected",
    table=_selections(),
    source=_with_expected,
    fields={**draft_picks.FIELDS, **EXPECTED},
    default_fields=(*_WHO, *EXPECTED),
    export_fields=(*_WHO, *EXPECTED),
    default_sort="-value_over_expected",
    filters={**draft_picks.LISTING.filters, **{name: bound("value_over_expected", name) for name, bound in _BOUNDS.items()}},
    plain=draft_pick,
    computed=frozenset(_BOUNDS),
)

# --- classes -----------------------------------------------------------------------------------------------------------------

#: A class is compared with so many before it.
CLASSES_BEFORE = 10
ALL_GROUPS = "all"
MEASURES = ("picks", *CHARTS, "athletic_score")
STRENGTH = described(
    FieldInfo("season", Kind.INTEGER, "class", required=True, example=2024),
    FieldInfo("group", Kind.TEXT, "position group, or all", required=True, example="QB"),
    FieldInfo(
        "measure",
        Kind.TEXT,
        "picks: number of selections; a chart: sum of its points; athletic_score: mean of the entries at the combine",
        required=True,
        example="johnson",
    ),
    FieldInfo("value", Kind.NUMBER, "the number of the class", example=11772),
    FieldInfo("n", Kind.INTEGER, "selections, selections on the chart, or entries with an Athletic Score", required=True, example=11),
    FieldInfo("before", Kind.NUMBER, f"mean of the {CLASSES_BEFORE} classes before", example=6742.2),
    FieldInfo("classes_before", Kind.INTEGER, "how many of them have the number", required=True, example=10),
    FieldInfo("difference", Kind.NUMBER, "value - before", example=5029.8),
    FieldInfo("rank", Kind.INTEGER, "place among these classes, 1 for the highest value", example=1),
    FieldInfo("note", Kind.TEXT, "why something is null, or compared with fewer classes"),
)


def _grid() -> Subquery:
    """Make a row per class, group and measure, so that a group without a selection counts as 0."""
    drafted = select(draft_pick.c.season, true().label("drafted")).distinct()
    either = union_all(drafted, select(combine_entry.c.season, literal_column("false")).distinct()).subquery()
    classes = select(either.c.season, func.bool_or(either.c.drafted).label("drafted")).group_by(either.c.season).subquery("class")
    groups = union_all(select(Position.position_group.label("group")).distinct(), select(_text(ALL_GROUPS))).subquery("groups")
    measures = values(column("measure", Text), name="measures").data([(_text(name),) for name in MEASURES])
    return (
        select(*classes.c, *groups.c, measures.c.measure).select_from(classes.join(groups, true()).join(measures, true())).subquery("grid")
    )


def _by_class(rows: FromClause, season: ColumnElement[int], numbers: dict[str, ColumnElement[Any]]) -> Subquery:
    """Compute numbers of each class, by position group and for all groups."""
    group = Position.position_group
    columns: list[ColumnElement[Any]] = [season.label("season"), func.coalesce(group, _text(ALL_GROUPS)).label("group")]
    columns += [number.label(name) for name, number in numbers.items()]
    sets = func.grouping_sets(tuple_(season, group), tuple_(season))
    return select(*columns).select_from(rows).group_by(sets).subquery()


def _strength(grid: Subquery, entries: FromClause) -> Subquery:
    """Give every row its number, and compare it with those of the classes before; ``entries`` have the Athletic Scores."""
    chart, position = facts["pick_values"], Position.__table__
    selected = draft_pick.join(position, Position.code == draft_pick.c.position).outerjoin(chart, chart.c.pick == draft_pick.c.pick)
    sums = {name: func.sum(chart.c[name]) for name in CHARTS} | {f"{name}_n": func.count(chart.c[name]) for name in CHARTS}
    counts = _by_class(selected, draft_pick.c.season, {"picks": func.count(), **sums}).alias("counts")
    scored = entries.join(position, Position.code == entries.c.pos)
    score = entries.c.athletic_score
    scores = _by_class(scored, entries.c.season, {"mean": func.avg(score), "n": func.count(score)}).alias("scores")
    joined: FromClause = grid
    for each in (counts, scores):
        joined = joined.outerjoin(each, and_(each.c.season == grid.c.season, each.c.group == grid.c.group))
    loaded, zero = select(chart.c.pick).exists(), literal_column("0", Float)
    value = {
        "picks": cast(func.coalesce(counts.c.picks, 0), Float),
        **{name: case((and_(counts.c.picks.is_(None), loaded), zero), else_=counts.c[name]) for name in CHARTS},
        "athletic_score": scores.c.mean,
    }
    number = {"picks": counts.c.picks, **{name: counts.c[f"{name}_n"] for name in CHARTS}, "athletic_score": scores.c.n}
    measured = grid.c.measure == _text("athletic_score")
    reason = case(
        (measured, _text("No entry has an Athletic Score.")),
        (~grid.c.drafted, _text("The class has no selections yet.")),
        (~loaded, _text("No pick values are loaded.")),
        else_=_text("No selection is on the chart."),
    )
    rows = select(
        *grid.c,
        case(
            (and_(~measured, ~grid.c.drafted), null()),
            *((grid.c.measure == _text(name), rounded(each, DIGITS)) for name, each in value.items()),
        ).label("value"),
        case(*((grid.c.measure == _text(name), func.coalesce(each, 0)) for name, each in number.items())).label("n"),
        reason.label("reason"),
    )
    # materialized: otherwise each of the windows below computes the numbers again
    return _compared(rows.select_from(joined).cte("number").prefix_with("MATERIALIZED"))


def _compared(rows: CTE) -> Subquery:
    """Compare each number with those of the classes before."""
    window: dict[str, Any] = {"partition_by": (rows.c.group, rows.c.measure), "order_by": rows.c.season, "range_": (-CLASSES_BEFORE, -1)}
    compared = select(
        *rows.c,
        func.avg(rows.c.value).over(**window).label("mean"),
        func.count(rows.c.value).over(**window).label("classes_before"),
        func.array_agg(rows.c.value, type_=ARRAY(Float)).over(**window).label("values"),
    ).subquery("compared")
    value, classes = compared.c.value, compared.c.classes_before
    other = func.unnest(compared.c["values"]).column_valued("other")
    higher = select(func.count()).where(other > value).scalar_subquery()
    both = and_(value.is_not(None), classes > 0)
    some = _text("Compared with ").concat(cast(classes, Text)).concat(f" of the {CLASSES_BEFORE} classes before.")
    note = case(
        (value.is_(None), compared.c.reason), (classes == 0, _text("No class before has this number.")), (classes < CLASSES_BEFORE, some)
    )
    columns = {
        "value": value,
        "n": compared.c.n,
        "before": rounded(compared.c.mean, DIGITS),
        "classes_before": classes,
        "difference": rounded(value - compared.c.mean, DIGITS),
        "rank": case((both, higher + 1)),
        "note": note,
    }
    keys = (compared.c.season, compared.c.group, compared.c.measure)
    return select(*keys, *(each.label(name) for name, each in columns.items())).subquery("class_strength")


_GRID = _grid()
CLASS_STRENGTH = replace(
    plain_listing(
        "class_strength",
        _strength(_GRID, SCORES.table),
        STRENGTH,
        ("season", "group", "measure"),
        "-season",
        {
            "season": among("season", "season"),
            "season_min": from_number("season", "season_min"),
            "season_max": to_number("season", "season_max"),
            "group": one_of("group", "group"),
            "measure": one_of("measure", "measure"),
        },
    ),
    plain=_GRID,
)
STRENGTH_READ_MODEL = replace(CLASS_STRENGTH, table=class_strength, plain=None)
"""The same list from the read model."""
_FROM_SCORES = _strength(_GRID, entry_score)
FILL = compile_statement(insert(class_strength).from_select([*STRENGTH], select(*(_FROM_SCORES.c[name] for name in STRENGTH))))
"""Fill the read model ``class_strength``, which is empty, from the scores that are stored."""
