"""How a combine entry is stored and recognised again."""

from __future__ import annotations

from app.datasets.combine import COMBINE
from pipeline.steps.merge import FactTable

TABLE = FactTable(
    dataset=COMBINE,
    meeting="t.season = s.season and t.player_name = s.player_name",
    # the file has no key of its own: an entry is known by everything that says who it is
    same_record=(
        "t.season = s.season and t.player_name = s.player_name and t.pos = s.pos and t.school is not distinct from s.school"
        " and t.draft_year is not distinct from s.draft_year and t.draft_ovr is not distinct from s.draft_ovr"
        " and t.pfr_id is not distinct from s.pfr_id and t.cfb_id is not distinct from s.cfb_id"
    ),
    record_columns=("season", "player_name", "pos", "school", "pfr_id", "cfb_id"),
)
