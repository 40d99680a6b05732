"""The list of draft picks."""

from app.datasets.draft_picks import DRAFT_PICKS
from app.db.models import draft_pick
from app.listing.derived import listing

LISTING = listing(DRAFT_PICKS, draft_pick)
FIELDS = LISTING.fields
DEFAULT_FIELDS = LISTING.default_fields
