"""Draft picks: every selection and what became of it."""

from __future__ import annotations

from pipeline.sources.draft_picks.matching import find_persons
from pipeline.sources.draft_picks.rules import normalise, validate
from pipeline.sources.hooks import Hooks, PeopleHooks
from pipeline.steps.merge import Recognition

HOOKS = Hooks(
    validate=validate,
    normalise=normalise,
    people=PeopleHooks(
        find_persons,
        Recognition(
            # the slot alone is not enough: upstream may correct who was selected there
            same_record=(
                "t.season = s.season and t.pick = s.pick and (t.pfr_player_name = s.pfr_player_name"
                " or t.pfr_player_id = s.pfr_player_id or t.gsis_id = s.gsis_id)"
            ),
        ),
    ),
)
