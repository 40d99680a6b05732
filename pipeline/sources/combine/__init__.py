"""Combine: measurements at the scouting combine."""

from __future__ import annotations

from pipeline.sources.combine.distributions import distributions, write_distributions
from pipeline.sources.combine.matching import find_persons
from pipeline.sources.combine.rules import normalise, validate
from pipeline.sources.hooks import Figures, Hooks, PeopleHooks
from pipeline.steps.merge import Recognition

HOOKS = Hooks(
    validate=validate,
    normalise=normalise,
    people=PeopleHooks(
        find_persons,
        Recognition(
            # the file has no key of its own: an entry is known by everything that says who it is
            same_record=(
                "t.season = s.season and t.player_name = s.player_name and t.pos = s.pos and t.school is not distinct from s.school"
                " and t.draft_year is not distinct from s.draft_year and t.draft_ovr is not distinct from s.draft_ovr"
                " and t.pfr_id is not distinct from s.pfr_id and t.cfb_id is not distinct from s.cfb_id"
            ),
            record_columns=("season", "player_name", "pos", "school", "pfr_id", "cfb_id"),
        ),
    ),
    figures=Figures(distributions, write_distributions),
)
