"""200 random queries of the real files, compared cell by cell with polars on the raw files (``tests.support.raw_files``)."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import polars as pl
import pytest

from tests.support.raw_files import DRILLS, GROUPS, OUTCOMES, POSITIONS, ROLES, RawFiles

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.api.conftest import Api

pytestmark = pytest.mark.real_data

QUERIES = 100  # of each kind
PATHS = ("prospects", "draft-picks", "combine")
DERIVED = ("speed_score", "burst_score", "bmi", "agility_sum")
AMOUNTS = tuple(name for name in OUTCOMES if name not in ("hof", "car_av"))
#: What a group stands for in each list.
BY = {
    path: {
        **{name: name for name in ("season", "decade", "franchise")},
        "position": "position_leaf",
        "group": "position_group",
        "college": "college_slug",
        "round": "draft_round" if path == "combine" else "round",
    }
    for path in PATHS
}
NUMBERS = {
    "prospects": ("season", "round", "pick", "age", *AMOUNTS, *DRILLS, *DERIVED),
    "draft-picks": ("season", "round", "pick", "age", *AMOUNTS),
    "combine": ("season", "draft_round", "draft_ovr", *DRILLS),
}
RANGES = {
    "prospects": NUMBERS["prospects"],
    "draft-picks": ("season", "pick"),
    "combine": ("season", *DRILLS),
}
FLAGS = {"prospects": ("drafted", "measured", "hof", "edge"), "draft-picks": ("hof",), "combine": ("drafted",)}
SEVERAL = {
    "prospects": ("season", "round", "pick", "group", "side"),
    "draft-picks": ("season", "round", "pick", "group", "side"),
    "combine": ("season", "draft_year", "group", "side"),
}
CALLED = {"height_in": "height", "wt": "weight"}
COLUMNS = {"group": "position_group", "side": "position_side", "college": "college_slug"}
PLAIN = {"mean": pl.Expr.mean, "median": pl.Expr.median, "min": pl.Expr.min, "max": pl.Expr.max}
FUNCTIONS = ("count", "count:", "sum", *PLAIN, "who_min", "who_max", "quantile", "share", "flag", "corr", "pairs")
SIGNS = {">=": "min", "<=": "max", ">": "above", "<": "below", "=": "is"}
#: Codes that have always meant the same franchise.
FRANCHISES = ("KC", "DAL", "GB", "NE", "PIT", "SEA", "SF", "CHI")


@pytest.fixture(scope="module")
def raw(real_data: Path, real_api: Api) -> RawFiles:
    return RawFiles(real_data, real_api)


def text(value: object) -> str:
    """Return a value as a parameter has it."""
    return str(value).lower() if isinstance(value, bool) else f"{value:.10g}" if isinstance(value, float) else str(value)


def at_position(names: Sequence[str], column: str, *, edges: bool) -> pl.Expr:
    """Return the condition of a position filter: a name stands for its group, or for the role of a code."""
    codes = {code for code in ROLES for name in names if name in (GROUPS[code], ROLES[code]) or ROLES.get(name) == ROLES[code]}
    if "EDGE" not in names:
        return pl.col(column).is_in(codes)
    codes |= {"DE", "EDGE"}
    return pl.col(column).is_in(codes) | pl.col("edge") if edges else pl.col(column).is_in(codes)


class Drawn(NamedTuple):
    """A filter as it is asked for, and what it means; two with the same ``about`` would contradict each other."""

    about: str
    given: dict[str, str]
    meaning: pl.Expr


def drawn_filter(draw: random.Random, path: str, rows: pl.DataFrame) -> Drawn:
    """Draw a filter. Its values are from the rows, so that most queries find some."""

    def values(column: str, number: int) -> list[object]:
        known = rows[column].drop_nulls()
        return [known[draw.randrange(len(known))] for _ in range(number)]

    kind = draw.choice(("several", "range", "range", "position", "flag", "one"))
    if kind == "several":
        name = draw.choice(SEVERAL[path])
        column = COLUMNS.get(name, name)
        chosen = values(column, draw.randint(1, 4))
        return Drawn(name, {name: ",".join(map(text, chosen))}, pl.col(column).is_in(list(set(chosen))))
    if kind == "range":
        column = draw.choice(RANGES[path])
        name = CALLED.get(column, column)
        low, high = sorted(values(column, 2))  # type: ignore[type-var]
        ends = {"min": (low, pl.col(column) >= low), "max": (high, pl.col(column) <= high)}
        chosen_ends = draw.choice((("min",), ("max",), ("min", "max")))
        given = {f"{name}_{end}": text(ends[end][0]) for end in chosen_ends}
        return Drawn(f"range of {name}", given, pl.all_horizontal(ends[end][1] for end in chosen_ends))
    if kind == "position":
        name = draw.choice(("position", "position", "draft_position") if path == "prospects" else ("position",))
        names = draw.sample([*POSITIONS, "EDGE", "FS", "OT", "ILB", "DE", "FB", "C"], draw.randint(1, 3))
        column, edges = "pos" if path == "combine" else name, path == "prospects" and name == "position"
        return Drawn(name, {name: ",".join(names)}, at_position(names, column, edges=edges))
    if kind == "flag":
        name, wanted = draw.choice(FLAGS[path]), draw.random() < 0.7
        return Drawn(name, {name: text(wanted)}, pl.col(name) == wanted)
    name = draw.choice(("college", "franchise") if path == "combine" else ("college", "franchise", "team"))
    column = COLUMNS.get(name, name)
    value = draw.choice(FRANCHISES) if name == "franchise" else values(column, 1)[0]
    return Drawn(name, {name: text(value)}, pl.col(column) == value)


def drawn_filters(draw: random.Random, path: str, rows: pl.DataFrame, number: int) -> tuple[dict[str, str], pl.Expr]:
    """Draw up to ``number`` filters; return their parameters and what they mean together."""
    drawn = {each.about: each for each in (drawn_filter(draw, path, rows) for _ in range(number))}
    given = {name: value for each in drawn.values() for name, value in each.given.items()}
    return given, pl.all_horizontal(pl.lit(value=True), *(each.meaning for each in drawn.values())).fill_null(value=False)


def same(cell: object, expected: object, name: str) -> bool:
    """Compare two cells; a correlation is rounded."""
    if isinstance(cell, bool) or isinstance(expected, bool):
        return cell is expected
    if isinstance(cell, int | float) and isinstance(expected, int | float):
        return math.isclose(cell, expected, rel_tol=1e-9, abs_tol=0.000051 if name.startswith("corr_") else 1e-9)
    return cell == expected


def assert_same(items: Sequence[dict[str, object]], expected: pl.DataFrame, asked: object) -> None:
    """Compare rows in their order, cell by cell."""
    assert len(items) == expected.height, asked
    for item, row in zip(items, expected.iter_rows(named=True), strict=True):
        assert [*item] == [*row], asked
        wrong = {name: (cell, row[name]) for name, cell in item.items() if not same(cell, row[name], name)}
        assert not wrong, (asked, item, wrong)


class Measure(NamedTuple):
    """A measure as it is asked for, the name of its column, and what it means."""

    asked: str
    label: str
    meaning: pl.Expr


def drawn_measure(draw: random.Random, path: str, rows: pl.DataFrame) -> Measure:
    """Draw a measure of the rows of a list."""
    field, other = draw.sample(NUMBERS[path], 2)
    column, second = pl.col(field).cast(pl.Float64), pl.col(other).cast(pl.Float64)
    function = draw.choice([each for each in FUNCTIONS if each != "flag" or path != "combine"])  # whose flag is a filter alone
    both = column.is_not_null() & second.is_not_null()
    if function == "count":
        return Measure("count", "count", pl.len())
    if function == "count:":
        return Measure(f"count:{field}", f"count_{field}", column.count())
    if function == "sum":
        return Measure(f"sum:{field}", f"sum_{field}", pl.when(column.count() > 0).then(column.sum()))
    if function in PLAIN:
        return Measure(f"{function}:{field}", f"{function}_{field}", PLAIN[function](column))
    if function.startswith("who"):
        end = column.min() if function == "who_min" else column.max()
        return Measure(f"{function}:{field}", f"{function}_{field}", pl.col("name").filter(column == end).min())
    if function == "quantile":
        level = draw.choice((0.05, 0.1, 0.25, 1 / 3, 0.75, 0.9, 1))
        return Measure(f"quantile:{field}:{level}", f"quantile_{level:g}_{field}", column.quantile(level, "linear"))
    if function == "share":
        known = rows[field].drop_nulls()
        bound, (sign, word) = known[draw.randrange(len(known))], draw.choice([*SIGNS.items()])
        met = {">=": column >= bound, "<=": column <= bound, ">": column > bound, "<": column < bound, "=": column == bound}[sign]
        return Measure(f"share:{field}{sign}{text(bound)}", f"share_{field}_{word}_{float(bound):g}", share(met))
    if function == "flag":
        flag, wanted = draw.choice(FLAGS[path]), draw.choice((True, False))
        return Measure(f"share:{flag}={text(wanted)}", f"share_{flag}_is_{text(wanted)}", share(pl.col(flag) == wanted))
    if function == "corr":
        varied = (column.filter(both).n_unique() > 1) & (second.filter(both).n_unique() > 1)
        return Measure(
            f"corr:{field}:{other}", f"corr_{field}_{other}", pl.when(varied).then(pl.corr(column.filter(both), second.filter(both)))
        )
    return Measure(f"pairs:{field}:{other}", f"pairs_{field}_{other}", both.sum())


def share(met: pl.Expr) -> pl.Expr:
    """Return the share of all rows, null without any; a missing value does not meet the condition."""
    return pl.when(pl.len() > 0).then(met.fill_null(value=False).sum() / pl.len())


def test_random_aggregates(real_api: Api, raw: RawFiles) -> None:
    draw = random.Random(2014)
    found = 0
    for number in range(QUERIES):
        path = PATHS[number % 3]
        rows = raw.tables[path]
        given, meant = drawn_filters(draw, path, rows, draw.randint(0, 2))
        groups = draw.sample([*BY[path]], draw.randint(0, 3))
        drawn = {measure.asked: measure for measure in (drawn_measure(draw, path, rows) for _ in range(draw.randint(1, 6)))}
        parameters = {"measures": ",".join(drawn), **given}
        chosen = rows.filter(meant)
        columns = [measure.meaning.alias(measure.label) for measure in drawn.values()]
        if groups:
            parameters["group_by"] = ",".join(groups)
            keys = [pl.col(BY[path][group]).alias(group) for group in groups]
            parameters["limit"] = "400"
            expected = chosen.group_by(keys).agg(columns).sort(groups, nulls_last=True)
        else:
            expected = chosen.select(columns)
        if groups and "count" in drawn:
            parameters["sort"] = "-count"
            expected = expected.sort(["count", *groups], descending=[True, *(False for _ in groups)], nulls_last=True)
        assert_same(real_api.items(f"aggregate/{path}", **parameters), expected.head(400), parameters)
        found += not chosen.is_empty()
    assert found > QUERIES / 2


def test_random_prospects(real_api: Api, raw: RawFiles) -> None:
    draw = random.Random(2019)
    rows = raw.tables["prospects"]
    columns = [name for name in rows.columns if name != "decade"]
    found = turned = 0
    for _ in range(QUERIES):
        given, meant = drawn_filters(draw, "prospects", rows, draw.randint(1, 3))
        fields = draw.sample(columns, draw.randint(3, 12))
        sort = draw.sample([*NUMBERS["prospects"], "name", "college", "franchise"], draw.randint(0, 2))
        downwards = [draw.random() < 0.5 for _ in sort]
        ties = [key for key in ("season", "person_id") if key not in sort]
        expected = rows.filter(meant).sort([*sort, *ties], descending=[*downwards, *(False for _ in ties)], nulls_last=True)
        limit = draw.choice((20, 200, 500))
        parameters = {**given, "fields": ",".join(fields), "limit": str(limit)}
        if sort:
            parameters["sort"] = ",".join(f"-{name}" if down else name for name, down in zip(sort, downwards, strict=True))
        cursor: str | None = None
        for page_number in range(2):
            response = real_api.v1("prospects", **parameters, **({"cursor": cursor} if cursor else {}))
            assert response.status_code == 200, (parameters, response.text)
            page = response.json()
            assert page["total"] == expected.height, parameters
            assert_same(page["items"], expected[page_number * limit : (page_number + 1) * limit].select(fields), parameters)
            cursor = page["next"]
            assert (cursor is None) == (expected.height <= (page_number + 1) * limit), parameters
            if cursor is None or limit > 20:
                break
            turned += 1
        found += not expected.is_empty()
    assert found > QUERIES / 2
    assert turned > QUERIES / 10


def test_few_people_are_taken_from_the_api(raw: RawFiles) -> None:
    assert 0 < raw.doubtful < 0.02 * raw.tables["combine"].height
