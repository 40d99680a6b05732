"""How a selection is stored and recognised again."""

from __future__ import annotations

from pipeline.sources.draft_picks.matching import PERSON_COLUMNS
from pipeline.sources.draft_picks.schema import DRAFT_PICKS
from pipeline.steps.merge import FactTable

TABLE = FactTable(
    name="draft_pick",
    schema=DRAFT_PICKS,
    persons=PERSON_COLUMNS,
    key=("season", "pick"),
    added=("franchise_id", "college_id"),
    meeting="t.season = s.season and t.pick = s.pick",
    # the slot alone is not enough: upstream may correct who was selected there
    same_record=(
        "t.season = s.season and t.pick = s.pick and (t.pfr_player_name = s.pfr_player_name"
        " or t.pfr_player_id = s.pfr_player_id or t.gsis_id = s.gsis_id)"
    ),
    record_columns=(),
)
