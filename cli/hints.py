"""Why a list is empty: nothing is loaded, the season is not in the data, or the name is spelled in another way."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from app.errors.wording import question

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from app.context import ServiceContext
    from app.datasets.model import Dataset

#: Returns the first row of a list without filters, by this order and with these fields; None of an empty list.
First: TypeAlias = "Callable[[str, str], Awaitable[Mapping[str, object] | None]]"


async def why_empty(context: ServiceContext, dataset: Dataset, checked: object, first: First) -> str | None:
    """Return the sentence about a list of the data set that has no rows, None if no filter alone explains that."""
    if not await _is_loaded(context, dataset):
        return _not_loaded(dataset)
    if outside := await _outside(dataset, checked, first):
        return outside
    if whole := getattr(checked, "name", None):
        return await no_such_name(context, whole)
    return await no_such_words(context, words) if (words := getattr(checked, "q", None)) else None


async def no_such_name(context: ServiceContext, name: str) -> str | None:
    """Say that no person has this whole name, and which names are like it; None if a person has it."""
    from app.people.misspelt import names_like

    if (near := await names_like(context, name, whole=True)) is None:
        return None
    return f"No person has the name {name!r}. {question(near)}Look for parts of a name with: dq person search TEXT"


async def no_such_words(context: ServiceContext, words: str) -> str | None:
    """Say that no name has words that begin with these, and which names are like them; None if a name has."""
    from app.people.misspelt import names_like

    if (near := await names_like(context, words, whole=False)) is None:
        return None
    return f"No name has words that begin with {words!r}. {question(near)}".rstrip()


async def _is_loaded(context: ServiceContext, dataset: Dataset) -> bool:
    versions = (await context.version()).versions
    return any(versions.get(name, 0) > 0 for name in dataset.made_of or (dataset.name,))


def _not_loaded(dataset: Dataset) -> str:
    """Return the hint with the command that loads the data set."""
    if dataset.expected or dataset.made_of:
        return "No data has been loaded yet. Load it: dq etl run"
    released = "" if dataset.release_path is not None else " --from DIR"
    return f"No {dataset.title} have been loaded yet. Load them: dq etl run --dataset {dataset.name}{released}"


async def _outside(dataset: Dataset, checked: object, first: First) -> str | None:
    """Return which seasons there are, if those that were asked for are not among them."""
    season = dataset.season or ""
    asked, lowest, highest = (getattr(checked, name, None) for name in (season, f"{season}_min", f"{season}_max"))
    if not (asked or lowest or highest):
        return None
    earliest, latest = await first(season, season), await first(f"-{season}", season)
    if earliest is None or latest is None:
        return None
    since, until = int(str(earliest[season])), int(str(latest[season]))
    among = asked is None or any(since <= each <= until for each in asked)
    if among and (lowest or since) <= until and (highest or until) >= since:
        return None
    return f"{dataset.title.capitalize()} cover {since} to {until}."
