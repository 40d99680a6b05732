"""People: the list, the selections of a page's people, and everything about one person in a single statement."""

from collections.abc import Callable

from sqlalchemy import (
    ColumnElement,
    Float,
    FromClause,
    Integer,
    SQLColumnExpression,
    Text,
    Values,
    and_,
    bindparam,
    case,
    cast,
    column,
    func,
    literal_column,
    or_,
    select,
    true,
    union_all,
    values,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from app.datasets.combine import COMBINE, DRILLS
from app.datasets.draft_picks import DRAFT_PICKS
from app.datasets.person_ids import ID_TYPES
from app.datasets.players import PLAYERS
from app.db.identity_models import FormerPerson, IdentityConflict
from app.db.models import (
    College,
    DrillDistribution,
    ExternalId,
    Franchise,
    Person,
    PersonAlias,
    Position,
    combine_entry,
    draft_pick,
    facts,
)
from app.db.statements import Query, compile_statement
from app.listing.derived import NFLVERSE_TEAMS, listing
from app.listing.filters import among, has_name, matches_search, one_of
from app.listing.model import FieldInfo, Join, Kind, Source, described, plain_listing
from app.listing.past import rows_as_of
from app.listing.select import select_fields

#: A person's selections are rows of this list.
PICKS = listing(DRAFT_PICKS, draft_pick)
#: What became of a selection, in a comparison of people.
OUTCOMES = ("games", "seasons_started", "probowls", "w_av")
#: A person's career is the row of this list.
CAREERS = listing(PLAYERS, facts["players"])
FIELDS = described(
    FieldInfo("person_id", Kind.INTEGER, "ours; stable while the data are", required=True, example=11120),
    FieldInfo("name", Kind.TEXT, "name as most recently recorded", required=True, example="Joe Burrow"),
    FieldInfo("position", Kind.TEXT, "position code of the latest record", example="QB"),
    FieldInfo("position_leaf", Kind.TEXT, "one name per role", example="QB"),
    FieldInfo("position_group", Kind.TEXT, "QB RB WR TE OL DL LB DB or ST", example="QB"),
    FieldInfo("college", Kind.TEXT, "canonical name of the college", example="LSU"),
    FieldInfo("college_slug", Kind.TEXT, "the college in URLs, see /colleges/{slug}", example="lsu"),
    FieldInfo("first_season", Kind.INTEGER, "earliest draft class or combine", required=True, example=2020),
    FieldInfo("last_season", Kind.INTEGER, "latest draft class or combine", required=True, example=2020),
    FieldInfo("synthetic", Kind.BOOLEAN, "made up", required=True, example=False),
)
#: In the response in addition to the fields above: filled from a second statement.
SELECTIONS = "selections"
#: Fields of a pick that say nothing new inside a person.
SELECTION_FIELDS = tuple(name for name in PICKS.fields if name not in ("pfr_player_name", "person_id"))
CAREER_FIELDS = tuple(name for name in CAREERS.default_fields if name not in ("name", "person_id"))
#: What ``DETAIL`` has of a person as JSON, each a list of objects.
LISTS = ("aliases", "external_ids", "selections", "careers", "combine", "drills", "conflicts", "former_ids")
#: The data sets that have a person's records.
RECORDS = (DRAFT_PICKS.name, PLAYERS.name, COMBINE.name)


def _source(base: FromClause) -> Source:
    own = ("person_id", "name", "position", "first_season", "last_season", "synthetic")
    position, college = Position.__table__, College.__table__
    expressions: dict[str, ColumnElement[object]] = {name: base.c[name] for name in own}
    expressions |= {
        "position_leaf": position.c.leaf,
        "position_group": position.c.position_group,
        "college": college.c.name,
        "college_slug": college.c.slug,
    }
    return Source(
        base=base,
        expressions=expressions,
        joins={
            "position": Join(position, position.c.code == base.c.position),
            "college": Join(college, college.c.college_id == base.c.college_id),
        },
        needs={"position_leaf": "position", "position_group": "position", "college": "college", "college_slug": "college"},
    )


def _in_season(base: FromClause) -> ColumnElement[bool]:
    either = union_all(*(select(table.c.person_id).where(among("season", "season")(table)) for table in (draft_pick, combine_entry)))
    return base.c.person_id.in_(select(either.subquery().c.person_id))


def _has_id(id_type: str) -> Callable[[FromClause], ColumnElement[bool]]:
    value = one_of("value", f"{id_type}_id")(ExternalId.__table__)
    known = select(ExternalId.person_id).where(ExternalId.id_type == literal_column(f"'{id_type}'", Text), value)
    return lambda base: base.c.person_id.in_(known)


LISTING = plain_listing(
    name="people",
    table=Person.__table__,
    source=_source,
    fields=FIELDS,
    tie_break=("person_id",),
    default_sort="-last_season,name",
    filters={
        "q": matches_search("q"),
        "name": has_name("name"),
        "position": one_of("position", "position"),
        "group": one_of("position", "group"),
        "college": among("college_id", "college"),
        "season": _in_season,
        **{f"{id_type}_id": _has_id(id_type) for id_type in ID_TYPES},
    },
)

_SELECTIONS_OF = (
    select(
        draft_pick.c.person_id,
        draft_pick.c.season,
        draft_pick.c.round,
        draft_pick.c.pick,
        draft_pick.c.team,
        Franchise.code.label("franchise"),
        NFLVERSE_TEAMS.c.code.label("nflverse_team"),
    )
    .join_from(draft_pick, Franchise, Franchise.franchise_id == draft_pick.c.franchise_id, isouter=True)
    .outerjoin(NFLVERSE_TEAMS, NFLVERSE_TEAMS.c.franchise_id == draft_pick.c.franchise_id)
    .where(draft_pick.c.person_id == func.any(bindparam("person_ids", type_=ARRAY(Integer))))
    .order_by(draft_pick.c.season, draft_pick.c.pick)
)
#: The selections of some people, for the list.
SELECTIONS_OF = compile_statement(_SELECTIONS_OF)
#: The same with everything that became of them.
OUTCOMES_OF = compile_statement(_SELECTIONS_OF.add_columns(*(draft_pick.c[name] for name in OUTCOMES)))

_PERSON_ID = bindparam("person_id", type_=Integer)


def _json_rows(query: Query, name: str) -> ColumnElement[str]:
    """Aggregate all rows of a query into one JSON array of objects."""
    rows = query.subquery(name)
    array = select(func.coalesce(func.json_agg(rows.table_valued()), literal_column("'[]'::json")))
    return cast(array.scalar_subquery(), Text).label(name)


def _aliases() -> Query:
    return select(PersonAlias.name, PersonAlias.dataset).where(PersonAlias.person_id == _PERSON_ID).order_by(PersonAlias.name)


def _external_ids() -> Query:
    return (
        select(ExternalId.id_type.label("type"), ExternalId.value, ExternalId.first_season, ExternalId.last_season)
        .where(ExternalId.person_id == _PERSON_ID)
        .order_by(ExternalId.id_type, ExternalId.first_season, ExternalId.value)
    )


def _entries(entries: FromClause) -> Query:
    entry = entries.c
    names = ("season", "player_name", "pos", "school", "ht", "draft_year", "draft_team", "draft_round", "draft_ovr")
    return (
        select(*(entry[name] for name in names), Position.leaf.label("position_leaf"), Position.position_group)
        .join_from(entries, Position, Position.code == entry.pos, isouter=True)
        .where(entry.person_id == _PERSON_ID)
        .order_by(entry.season)
    )


def drill_values(entries: FromClause) -> Values:
    """Return a row with ``drill`` and ``value`` for each drill of an entry, to be joined laterally."""
    table = values(column("drill", Text), column("value", Float), name="measured")
    return table.data([(literal_column(f"'{name}'", Text), cast(entries.c[name], Float)) for name in DRILLS]).lateral()


def _drills(entries: FromClause) -> Query:
    """Select one row per completed drill, with the value's place among the leaf position and among the group."""
    measured = drill_values(entries)
    leaf, group = aliased(DrillDistribution, name="leaf"), aliased(DrillDistribution, name="in_group")

    def place(distribution: type[DrillDistribution], scope: str, label: SQLColumnExpression[str]) -> ColumnElement[bool]:
        return and_(
            distribution.scope == literal_column(f"'{scope}'", Text),
            distribution.position == label,
            distribution.drill == measured.c.drill,
            distribution.value == measured.c.value,
        )

    return (
        select(
            entries.c.season,
            measured.c.drill,
            measured.c.value,
            *(
                getattr(table, name).label(f"{scope}_{name}")
                for scope, table in (("leaf", leaf), ("group", group))
                for name in ("lower", "equal", "total")
            ),
        )
        .outerjoin_from(entries, Position, Position.code == entries.c.pos)
        .join(measured, true())
        .outerjoin(leaf, place(leaf, "leaf", Position.leaf))
        .outerjoin(group, place(group, "group", Position.position_group))
        .where(entries.c.person_id == _PERSON_ID, measured.c.value.is_not(None))
    )


def conflict_state(base: FromClause) -> ColumnElement[object]:
    """Return the state of a conflict: an open one that no longer holds is settled."""
    is_settled = and_(base.c.state == literal_column("'open'", Text), base.c.settled_run_id.is_not(None))
    return case((is_settled, literal_column("'settled'", Text)), else_=base.c.state)


def _conflicts() -> Query:
    other_id = case((IdentityConflict.person_id == _PERSON_ID, IdentityConflict.other_person_id), else_=IdentityConflict.person_id)
    other = aliased(Person, name="other")
    return (
        select(
            IdentityConflict.conflict_id,
            IdentityConflict.reason,
            IdentityConflict.id_type,
            IdentityConflict.value,
            conflict_state(IdentityConflict.__table__).label("state"),
            other_id.label("other_person_id"),
            other.name.label("other_name"),
        )
        .join_from(IdentityConflict, other, other.person_id == other_id, isouter=True)
        .where(or_(IdentityConflict.person_id == _PERSON_ID, IdentityConflict.other_person_id == _PERSON_ID))
        .order_by(IdentityConflict.conflict_id)
    )


def _detail(rows: Callable[[str], FromClause]) -> Query:
    """Select everything about a person; ``rows`` returns the rows of a data set."""
    picks, careers, entries = (rows(name) for name in RECORDS)
    parts = {
        "aliases": _aliases(),
        "external_ids": _external_ids(),
        "selections": select_fields(PICKS, picks, SELECTION_FIELDS).where(picks.c.person_id == _PERSON_ID).order_by(picks.c.season),
        "careers": select_fields(CAREERS, careers, CAREER_FIELDS).where(careers.c.person_id == _PERSON_ID),
        "combine": _entries(entries),
        "drills": _drills(entries),
        "conflicts": _conflicts(),
        "former_ids": select(FormerPerson.former_id).where(FormerPerson.successor_id == _PERSON_ID).order_by(FormerPerson.former_id),
    }
    query = select_fields(LISTING, Person.__table__, FIELDS).where(Person.person_id == _PERSON_ID)
    return query.add_columns(*(_json_rows(rows, name) for name, rows in parts.items()))


#: One round trip: the person, and each list as a JSON text.
DETAIL = compile_statement(_detail(facts.__getitem__))
DETAIL_AS_OF = compile_statement(_detail(rows_as_of))
#: The person of today of a former id.
SUCCESSOR = compile_statement(select(FormerPerson.successor_id).where(FormerPerson.former_id == _PERSON_ID))
