"""The list of draft picks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.datasets.draft_picks import DRAFT_PICKS
from app.db.tables import college, draft_pick, franchise, position
from app.listing.derived import listing
from app.listing.model import Join

if TYPE_CHECKING:
    from sqlalchemy import FromClause


def _joins(base: FromClause) -> dict[str, Join]:
    return {
        "franchise": Join(franchise, franchise.c.franchise_id == base.c.franchise_id),
        "position": Join(position, position.c.code == base.c.position),
        "college": Join(college, college.c.college_id == base.c.college_id),
    }


LISTING = listing(DRAFT_PICKS, draft_pick, _joins)
FIELDS = LISTING.fields
DEFAULT_FIELDS = LISTING.default_fields
