"""What the pages read beyond what the services of the API return, compiled once."""

from __future__ import annotations

from sqlalchemy import Integer, Text, and_, bindparam, func, select, true
from sqlalchemy.dialects.postgresql import distinct_on

from app.db.models import (
    College,
    Franchise,
    LoadedDataset,
    LoadRun,
    Person,
    Position,
    SeasonCount,
    TeamEra,
    combine_entry,
    draft_pick,
    facts,
)
from app.db.statements import compile_statement
from app.listing.filters import matches_search

_pick = draft_pick.c

#: The meaning of a pick's team code in its season.
_era = and_(
    TeamEra.system == "pfr",
    TeamEra.code == _pick.team,
    TeamEra.first_season <= _pick.season,
    func.coalesce(TeamEra.last_season, _pick.season) >= _pick.season,
)

DATASETS = compile_statement(
    select(
        LoadedDataset.dataset,
        LoadedDataset.row_count,
        LoadedDataset.synthetic,
        LoadedDataset.updated_at,
        func.min(SeasonCount.season).label("first_season"),
        func.max(SeasonCount.season).label("last_season"),
    )
    .join_from(LoadedDataset, SeasonCount, SeasonCount.dataset == LoadedDataset.dataset)
    .where(LoadedDataset.row_count > 0)
    .group_by(LoadedDataset.dataset, LoadedDataset.row_count, LoadedDataset.synthetic, LoadedDataset.updated_at)
    .order_by(LoadedDataset.dataset.desc())
)

#: The latest load of each dataset.
LATEST_RUNS = compile_statement(
    select(
        LoadRun.dataset,
        LoadRun.state,
        LoadRun.step,
        LoadRun.rows_read,
        LoadRun.error,
        LoadRun.started_at,
        LoadRun.finished_at,
        LoadRun.next_attempt_at,
    )
    .ext(distinct_on(LoadRun.dataset))
    .order_by(LoadRun.dataset.desc(), LoadRun.run_id.desc())
)

SEASONS = compile_statement(
    select(SeasonCount.season, SeasonCount.row_count)
    .where(SeasonCount.dataset == "draft_picks", SeasonCount.row_count > 0)
    .order_by(SeasonCount.season.desc())
)

#: What the selections of one class can be filtered by, with the number of selections of each combination.
CLASS_FACETS = compile_statement(
    select(
        _pick.round,
        Position.position_group,
        Franchise.slug.label("franchise_slug"),
        func.coalesce(TeamEra.team_name, Franchise.name).label("team_name"),
        College.slug.label("college_slug"),
        College.name.label("college"),
        func.count().label("count"),
    )
    .join_from(draft_pick, Franchise, Franchise.franchise_id == _pick.franchise_id)
    .outerjoin(TeamEra, _era)
    .join(Position, Position.code == _pick.position)
    .outerjoin(College, College.college_id == _pick.college_id)
    .where(_pick.season == bindparam("season", type_=Integer))
    .group_by(
        _pick.round,
        Position.position_group,
        Franchise.slug,
        func.coalesce(TeamEra.team_name, Franchise.name),
        College.slug,
        College.name,
    )
)

_first_pick = (
    select(_pick.season, _pick.round, _pick.pick, _pick.team, _pick.w_av)
    .where(_pick.person_id == Person.person_id)
    # the sum keeps the planner from walking the primary key, which it prefers right after a first load, without statistics
    .order_by(_pick.season + 0)
    .limit(1)
    .lateral("first_pick")
)
_player = facts["players"].c
_career = (
    select(*(_player[name] for name in ("selection", "draft_year", "draft_round", "rookie_season", "last_season")))
    .where(_player.person_id == Person.person_id)
    .order_by(_player.rookie_season)
    .limit(1)
    .lateral("career")
)
_combine = select(func.max(combine_entry.c.season)).where(combine_entry.c.person_id == Person.person_id).scalar_subquery()
#: Players by name: exactly this name first, then the longer careers, then the later ones.
#: ``q`` are the patterns of ``search_patterns``, ``key`` is the name key of what was typed.
SEARCH = compile_statement(
    select(
        Person.person_id,
        Person.name,
        Position.leaf.label("position"),
        College.name.label("college"),
        _first_pick.c.season,
        _first_pick.c.round,
        _first_pick.c.pick,
        _first_pick.c.team,
        *_career.c,
        _combine.label("combine"),
        func.count().over().label("total"),
    )
    .outerjoin_from(Person, Position, Position.code == Person.position)
    .outerjoin(College, College.college_id == Person.college_id)
    .outerjoin(_first_pick, true())
    .outerjoin(_career, true())
    .where(matches_search("q")(Person.__table__))
    .order_by(
        (Person.name_key == bindparam("key", type_=Text)).desc(),
        _first_pick.c.w_av.desc().nulls_last(),
        Person.last_season.desc(),
        Person.name,
        Person.person_id,
    )
    .limit(bindparam("limit", type_=Integer))
    .offset(bindparam("offset", type_=Integer))
)
