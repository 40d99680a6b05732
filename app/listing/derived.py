"""Lists from the declarations of data sets: their fields, filters, parameters, and where each field comes from."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, create_model
from pydantic import Field as PydanticField
from sqlalchemy import ColumnElement, FromClause, Text, cast, or_, select

from app.context.references import References
from app.datasets.model import CellKind, Dataset, Filter, FilterType
from app.db.models import College, Franchise, Position, TeamEra
from app.errors import InvalidParameter
from app.listing import parameters
from app.listing.filters import (
    NUMBERS,
    TEXTS,
    Condition,
    at_least,
    at_most,
    exact_key,
    flag,
    from_day,
    from_number,
    has_name,
    is_person,
    matches_search,
    one_of,
    search_patterns,
    single_value_filter,
    to_day,
    to_number,
)
from app.listing.model import FieldInfo, Join, Kind, Listing, Source
from app.names import fold_code
from app.parameters import Parameters

Joins = Callable[[Dataset, FromClause], Mapping[str, Join]]

P = TypeVar("P", bound=Parameters)
_KINDS: Mapping[CellKind, Kind] = {
    "integer": Kind.INTEGER,
    "number": Kind.NUMBER,
    "boolean": Kind.BOOLEAN,
    "text": Kind.TEXT,
    "date": Kind.TEXT,
}
_PARAMETERS: Mapping[FilterType, Any] = {
    "season": parameters.Season,
    "day": parameters.Day,
    "count": parameters.Count,
    "identifier": parameters.Identifier,
    "measure": parameters.Measure,
    "amount": parameters.Amount,
    "flag": bool,
    "group": parameters.Group,
    "side": parameters.Side,
}
_SEVERAL_OF: Any = parameters.Several  # mypy cannot read types built at run time
_FRANCHISE = Franchise.__table__
#: The code of each franchise in nflverse's tables, which is today's in every season.
NFLVERSE_TEAMS = (
    select(TeamEra.franchise_id, TeamEra.code).where(TeamEra.system == "nfl", TeamEra.last_season.is_(None)).subquery("nflverse")
)
_WHOLE_NUMBERS = ("season", "count", "identifier")
#: Types of filters that take several values, unless they are the end of a range; of the first ones, a single value is compared on its own.
_SINGLE = ("season", "count", "identifier", "franchise", "college", "text", "exact")
_SEVERAL = (*_SINGLE, "choice", "position", "group", "side")


def field_infos(dataset: Dataset) -> dict[str, FieldInfo]:
    """Return the public description of every field of the data set's list."""
    return {
        name: FieldInfo(name, _KINDS[field.kind], field.description, field.required, field.example, field.unit)
        for name, field in dataset.listed.items()
    }


def standard_joins(dataset: Dataset, base: FromClause) -> dict[str, Join]:
    """Return joins with the reference tables of rows: every franchise by its key, the college, and the position of a person."""
    joins = {}
    for column in (field.name for field in dataset.stored if field.name.endswith("franchise_id")):
        name = column.removesuffix("_id")
        table = _FRANCHISE if name == "franchise" else _FRANCHISE.alias(name)
        joins[name] = Join(table, table.c.franchise_id == base.c[column])
        name = f"{column.removesuffix('franchise_id')}nflverse"
        teams = NFLVERSE_TEAMS if name == "nflverse" else NFLVERSE_TEAMS.alias(name)
        joins[name] = Join(teams, teams.c.franchise_id == base.c[column])
    if dataset.people is not None:
        joins["position"] = Join(Position.__table__, Position.code == base.c[dataset.people.position])
        joins["college"] = Join(College.__table__, College.college_id == base.c.college_id)
    return joins


def listing(
    dataset: Dataset,
    table: FromClause,
    joins: Joins = standard_joins,
    filters: Mapping[str, Condition] | None = None,
    filters_as_of: Mapping[str, Condition] | None = None,
    joins_as_of: Joins | None = None,
    filtered_by: tuple[str, ...] = (),
) -> Listing:
    """Derive the list of a data set.

    ``filters`` are the conditions of its special filters; ``filters_as_of`` and ``joins_as_of`` are those as of a load, and ``filtered_by``
    names the data sets that ``filters_as_of`` read.
    """
    special = dict(filters or {})
    return Listing(
        name=dataset.name,
        table=table,
        source=lambda base: _source(dataset, base, joins(dataset, base)),
        fields=field_infos(dataset),
        default_fields=dataset.page_fields or tuple(dataset.listed),
        export_fields=tuple(dataset.listed),
        tie_break=dataset.key,
        default_sort=",".join(dataset.sort),
        filters={
            **{each.name: _condition(dataset, each) for each in dataset.filters},
            **{single_value_filter(each.name): _condition(dataset, each, one=True) for each in dataset.filters if _takes_one_alone(each)},
            **special,
        },
        filters_as_of=dict(filters_as_of or {}),
        filtered_by=filtered_by,
        source_as_of=(lambda base: _source(dataset, base, joins_as_of(dataset, base))) if joins_as_of else None,
    )


def _source(dataset: Dataset, base: FromClause, joins: Mapping[str, Join]) -> Source:
    expressions: dict[str, ColumnElement[object]] = {}
    needs: dict[str, str] = {}
    for name, field in dataset.listed.items():
        joined, _, column = (field.origin or name).rpartition(".")
        if joined:
            needs[name] = joined
            expressions[name] = joins[joined].target.c[column]
        elif column in base.c:  # aggregates have a table without the texts
            expressions[name] = cast(base.c[column], Text) if field.type == "date" else base.c[column]
    return Source(base=base, expressions=expressions, joins=joins, needs=needs)


def _condition(dataset: Dataset, declared: Filter, *, one: bool = False) -> Condition:
    """Return the condition that a filter sets on a row of the table; ``one``: when a single value of it is given."""
    column, name = declared.about, single_value_filter(declared.name) if one else declared.name
    number, text = NUMBERS[not one], TEXTS[not one]
    if column == "person_id":
        return is_person()
    if declared.type in _WHOLE_NUMBERS:
        return (from_number if name.endswith("_min") else to_number if name.endswith("_max") else number)(column, name)
    match declared.type:
        case "measure" | "amount":
            return (at_least if name.endswith("_min") else at_most)(column, name)
        case "day":
            return (from_day if name.endswith("_min") else to_day)(column, name)
        case "flag":
            return flag(column, name)
        case "franchise":
            sides = [field.name for field in dataset.stored if field.name.endswith("franchise_id")]
            either = [number(side, name) for side in ([declared.field] if declared.field else sides)]
            return lambda base: or_(*(condition(base) for condition in either))
        case "college":
            return number("college_id", name)
        case "position" | "group" | "side":
            return one_of(declared.field or dataset.persons.position, name)
        case "choice":
            return one_of(column, name)
        case "search":
            return matches_search(name)
        case "name":
            return has_name(name)
        case _:
            return text(column, name)


def _takes_several(declared: Filter) -> bool:
    return declared.type in _SEVERAL and not declared.name.endswith(("_min", "_max"))


def _takes_one_alone(declared: Filter) -> bool:
    """Decide whether one value is compared on its own. Not for ``person_id``: its condition, ``is_person``, also finds former ids."""
    return declared.type in _SINGLE and _takes_several(declared) and declared.about != "person_id"


def _annotation(declared: Filter) -> Any:
    """Return the type of the parameter, which may be absent."""
    annotation = Literal[declared.choices] if declared.choices else _PARAMETERS.get(declared.type, parameters.FilterText)
    return (_SEVERAL_OF[annotation] if _takes_several(declared) else annotation) | None


def parameter_model(dataset: Dataset) -> type[parameters.PastParameters]:
    """Build the query parameters of the list: the common ones, and one per filter."""
    return filter_model(dataset, parameters.PastParameters)


def filter_model(dataset: Dataset, base: type[P]) -> type[P]:
    """Build query parameters: those of ``base``, and one per filter of the data set."""
    definitions: dict[str, Any] = {
        each.name: (
            _annotation(each),
            PydanticField(default=None, description=each.description, examples=None if each.example is None else [each.example]),
        )
        for each in dataset.filters
    }
    return create_model(f"{dataset.name}_filters", __base__=base, **definitions)


def resolve_filters(dataset: Dataset, given: BaseModel, references: References) -> dict[str, object]:
    """Return the values that the statement binds, by filter.

    Raises:
        InvalidParameter: a code or name that means nothing, or more than one thing.
    """
    values: dict[str, object] = {}
    for each in dataset.filters:
        if each.name in given.model_fields_set and (value := getattr(given, each.name)) is not None:
            meant = [_resolved(each, one, given, references) for one in (value if isinstance(value, tuple) else (value,))]
            if not _takes_several(each):
                [values[each.name]] = meant
            elif _takes_one_alone(each) and len(set(meant)) == 1:
                values[single_value_filter(each.name)] = meant[0]
            else:  # a position, a group or a side means several codes
                values[each.name] = [code for one in meant for code in (one if isinstance(one, list) else (one,))]
    return values


def _resolved(declared: Filter, text: object, given: BaseModel, references: References) -> object:
    if not isinstance(text, str):
        return text
    match declared.type:
        case "franchise":
            years: tuple[int | None, ...] = next((seasons for name in declared.year_from if (seasons := getattr(given, name))), (None,))
            meant = {references.franchise_of(text, year, declared.name).franchise_id for year in years}
            if len(meant) > 1:
                raise InvalidParameter(declared.name, f"{text[:40]} means more than one franchise in these seasons: give its slug.", text)
            return meant.pop()
        case "college":
            return references.college_of(text, declared.name).college_id
        case "position":
            return references.position_codes([text], declared.name)
        case "group":
            return references.group_codes(text)
        case "side":
            return references.side_codes(text)
        case "choice":
            return text
        case "search":
            return search_patterns(text, declared.name)
        case "name":
            return exact_key(text, declared.name)
        case "exact":
            return text.strip()
        case _:
            return fold_code(text)
