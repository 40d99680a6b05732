"""The text of docs/data-dictionary.md: every field of every data set, from the declarations in ``app/datasets``."""

from __future__ import annotations

from app.datasets import DATASETS, JOINED
from app.datasets.model import Dataset, Field

_HEAD = """\
# Data dictionary

Every field of every data set, as lists, exports and `dq` show it. [data.md](data.md) says where the data come from. "Always there"
means that no row is without the field; elsewhere null means that nothing is recorded. A load removes and reports values outside the
plausible range.

`make docs` generates this page from `app/datasets/`.
"""
_COLUMNS = "| field | type | unit | plausible | meaning | example |\n|---|---|---|---|---|---|\n"


def page() -> str:
    """Return the whole page."""
    return "\n".join([_HEAD, *(_section(dataset) for dataset in (*DATASETS.values(), *JOINED.values()))])


def _section(dataset: Dataset) -> str:
    url = dataset.path if dataset.filters else f"exports/{dataset.path}.csv"
    return (
        f"## {dataset.title.capitalize()}\n\n{dataset.about} `/api/v1/{url}`; a row is unique by {_names(dataset.key)}. "
        f"Source: {dataset.source}, {dataset.licence}.\n\n{_COLUMNS}" + "".join(_row(dataset, field) for field in dataset.listed.values())
    )


def _row(dataset: Dataset, field: Field) -> str:
    meaning = [field.description]
    if field.required:
        meaning.append("always there")
    if field in dataset.computed and not dataset.made_of:
        meaning.append("added by the load")
    elif "." in (field.origin or ""):
        meaning.append("from a reference table")
    cells = (
        f"`{field.name}`",
        field.kind,
        field.unit or "",
        _range(field),
        "; ".join(meaning),
        "" if field.example is None else f"`{field.example}`",
    )
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def _range(field: Field) -> str:
    low, high = field.bounds
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    if low is not None:
        return f"at least {low:g}"
    return f"at most {high:g}" if high is not None else ""


def _names(names: tuple[str, ...]) -> str:
    return " and ".join(f"`{name}`" for name in names)
