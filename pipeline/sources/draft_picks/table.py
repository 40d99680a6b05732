"""How a selection is stored and recognised again."""

from __future__ import annotations

from app.datasets.draft_picks import DRAFT_PICKS
from pipeline.steps.merge import FactTable

TABLE = FactTable(
    dataset=DRAFT_PICKS,
    meeting="t.season = s.season and t.pick = s.pick",
    # the slot alone is not enough: upstream may correct who was selected there
    same_record=(
        "t.season = s.season and t.pick = s.pick and (t.pfr_player_name = s.pfr_player_name"
        " or t.pfr_player_id = s.pfr_player_id or t.gsis_id = s.gsis_id)"
    ),
    record_columns=(),
)
