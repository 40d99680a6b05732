"""The list of every data set."""

from app.combine import queries as combine
from app.datasets import DATASETS
from app.datasets.prospects import PROSPECTS
from app.datasets.trades import TRADES
from app.db.models import facts
from app.draft_picks import queries as draft_picks
from app.listing.derived import listing
from app.prospects import queries as prospects
from app.trades import queries as trades

#: Lists with more to them than their declaration.
_SPECIAL = {each.name: each for each in (draft_picks.LISTING, combine.LISTING)}
LISTINGS = {name: _SPECIAL.get(name) or listing(dataset, facts[name]) for name, dataset in DATASETS.items()}
LISTINGS |= {PROSPECTS.name: prospects.LISTING, TRADES.name: trades.LISTING}
DERIVED = (*(dataset for name, dataset in DATASETS.items() if name not in _SPECIAL), PROSPECTS)
"""The data sets whose list is derived as a whole."""
