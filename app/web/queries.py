"""What the pages read beyond what the services of the API return, compiled once."""

from __future__ import annotations

from sqlalchemy import Integer, Text, and_, bindparam, func, select, true
from sqlalchemy.dialects.postgresql import distinct_on

from app.db.statements import compile_statement
from app.db.tables import (
    college,
    dataset,
    draft_pick,
    franchise,
    load_run,
    person,
    position,
    season_count,
    team_era,
)
from app.listing.filters import matches_search

_pick = draft_pick.c

#: The meaning of a pick's team code in its season.
_era = and_(
    team_era.c.system == "pfr",
    team_era.c.code == _pick.team,
    team_era.c.first_season <= _pick.season,
    func.coalesce(team_era.c.last_season, _pick.season) >= _pick.season,
)

DATASETS = compile_statement(
    select(
        dataset.c.dataset,
        dataset.c.row_count,
        dataset.c.synthetic,
        dataset.c.updated_at,
        func.min(season_count.c.season).label("first_season"),
        func.max(season_count.c.season).label("last_season"),
    )
    .join_from(dataset, season_count, season_count.c.dataset == dataset.c.dataset)
    .where(dataset.c.row_count > 0)
    .group_by(dataset.c.dataset, dataset.c.row_count, dataset.c.synthetic, dataset.c.updated_at)
    .order_by(dataset.c.dataset.desc())
)

#: The latest load of each dataset.
LATEST_RUNS = compile_statement(
    select(
        load_run.c.dataset,
        load_run.c.state,
        load_run.c.step,
        load_run.c.rows_read,
        load_run.c.error,
        load_run.c.started_at,
        load_run.c.finished_at,
        load_run.c.next_attempt_at,
    )
    .ext(distinct_on(load_run.c.dataset))
    .order_by(load_run.c.dataset.desc(), load_run.c.run_id.desc())
)

SEASONS = compile_statement(
    select(season_count.c.season, season_count.c.row_count)
    .where(season_count.c.dataset == "draft_picks", season_count.c.row_count > 0)
    .order_by(season_count.c.season.desc())
)

#: What the selections of one class can be filtered by, with the number of selections of each combination.
CLASS_FACETS = compile_statement(
    select(
        _pick.round,
        position.c.position_group,
        franchise.c.slug.label("franchise_slug"),
        func.coalesce(team_era.c.team_name, franchise.c.name).label("team_name"),
        college.c.slug.label("college_slug"),
        college.c.name.label("college"),
        func.count().label("count"),
    )
    .select_from(
        draft_pick.join(franchise, franchise.c.franchise_id == _pick.franchise_id)
        .outerjoin(team_era, _era)
        .join(position, position.c.code == _pick.position)
        .outerjoin(college, college.c.college_id == _pick.college_id)
    )
    .where(_pick.season == bindparam("season", type_=Integer))
    .group_by(
        _pick.round,
        position.c.position_group,
        franchise.c.slug,
        func.coalesce(team_era.c.team_name, franchise.c.name),
        college.c.slug,
        college.c.name,
    )
)

_first_pick = (
    select(_pick.season, _pick.round, _pick.pick, _pick.team, _pick.w_av)
    .where(_pick.person_id == person.c.person_id)
    # the sum keeps the planner from walking the primary key, which it prefers right after a first load, without statistics
    .order_by(_pick.season + 0)
    .limit(1)
    .lateral("first_pick")
)
#: Players by name: exactly this name first, then the longer careers, then the later ones.
#: ``q`` are the patterns of ``search_patterns``, ``key`` is the name key of what was typed.
SEARCH = compile_statement(
    select(
        person.c.person_id,
        person.c.name,
        person.c.last_season,
        position.c.leaf.label("position"),
        college.c.name.label("college"),
        _first_pick.c.season,
        _first_pick.c.round,
        _first_pick.c.pick,
        _first_pick.c.team,
        func.count().over().label("total"),
    )
    .select_from(
        person.outerjoin(position, position.c.code == person.c.position)
        .outerjoin(college, college.c.college_id == person.c.college_id)
        .outerjoin(_first_pick, true())
    )
    .where(matches_search("q")(person))
    .order_by(
        (person.c.name_key == bindparam("key", type_=Text)).desc(),
        _first_pick.c.w_av.desc().nulls_last(),
        person.c.last_season.desc(),
        person.c.name,
        person.c.person_id,
    )
    .limit(bindparam("limit", type_=Integer))
    .offset(bindparam("offset", type_=Integer))
)
