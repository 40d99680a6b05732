"""The data sets of the product. ``DATASETS`` is the only list of them; whatever names one elsewhere is derived from it."""

from collections.abc import Collection

from app.datasets.combine import COMBINE
from app.datasets.draft_picks import DRAFT_PICKS
from app.datasets.model import Dataset
from app.datasets.person_ids import PERSON_IDS
from app.datasets.pick_values import PICK_VALUES
from app.datasets.players import PLAYERS
from app.datasets.prospects import PROSPECTS
from app.datasets.trades import TRADES

DATASETS: dict[str, Dataset] = {dataset.name: dataset for dataset in (DRAFT_PICKS, COMBINE, PLAYERS, PICK_VALUES, TRADES)}
"""Every data set by its name, in the order in which a load takes them."""

JOINED: dict[str, Dataset] = {dataset.name: dataset for dataset in (PROSPECTS, PERSON_IDS)}
"""What is made of several data sets and exported like one."""

EXPECTED: tuple[str, ...] = tuple(name for name, dataset in DATASETS.items() if dataset.expected)
"""The data sets that every source has, and without which the database is not filled."""

LEAGUE: tuple[str, ...] = tuple(name for name, dataset in DATASETS.items() if dataset.season or dataset.people)
"""The data sets of a league: in one database they are all real or all made up. The others are true of any league."""


def kept_current(loaded: Collection[str]) -> tuple[str, ...]:
    """Return the data sets to fetch from the public release: the expected ones, and those released that were ``loaded`` once."""
    return tuple(name for name, dataset in DATASETS.items() if dataset.expected or (dataset.release_path is not None and name in loaded))


def listed(*more: str) -> str:
    """List the names of the data sets for a sentence: ``draft_picks or combine``."""
    *others, last = (*DATASETS, *more)
    return f"{', '.join(others)} or {last}"


def attribution() -> str:
    """Name every source and licence, as users of the data must: ``nflverse, Pro-Football-Reference, CC-BY-4.0``."""
    sources = [name for dataset in DATASETS.values() for name in dataset.source.split(", ")]
    return ", ".join(dict.fromkeys([*sources, *(dataset.licence for dataset in DATASETS.values())]))
