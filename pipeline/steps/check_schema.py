"""Check the schema: every column that something needs is there; other differences from the release are reported."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from app.datasets import DATASETS
from app.datasets.model import Dataset
from pipeline.errors import SourceInvalid
from pipeline.issues import Issue, IssueLog

_NUMBER = re.compile(r"\s*-?\d+(\.\d*)?\s*")
#: Columns that a message lists.
_LISTED = 8


def check_columns(found: list[str], dataset: Dataset, issues: IssueLog) -> None:
    """Raise ``SourceInvalid`` when a needed column is missing; warn about the others that are missing, and about those that are unknown."""
    missing = [name for name in dataset.needed if name not in found]
    if missing:
        raise SourceInvalid(_explain(found, missing, dataset))
    doubled = sorted({name for name in found if name.strip() and found.count(name) > 1})
    if doubled:
        raise SourceInvalid(f"The {dataset.name} file has {_columns(doubled)} {', '.join(doubled)} more than once.")
    for name in dataset.field_names:
        if name not in found:
            message = f"The column {name} is missing; it was loaded as empty, as nothing needs it."
            issues.add(Issue("warning", "missing_column", message, field=name))
    for name in found:
        if name.strip() and name not in dataset.field_names:
            issues.add(Issue("warning", "unknown_column", f"The column {name} is new and was not loaded.", field=name))
    nameless = sum(not name.strip() for name in found)
    if nameless:
        message = f"{nameless} column{'s' if nameless != 1 else ''} without a name not loaded."
        issues.add(Issue("warning", "nameless_column", message))


def _explain(found: list[str], missing: list[str], dataset: Dataset) -> str:
    """Say what kind of file this seems to be, what it has, and what is read."""
    known = [name for name in dataset.field_names if name in found]
    layout = f"{dataset.release_path} of the nflverse release" if dataset.release_path else f"{dataset.file_stem} of {dataset.source}"
    if not known and any(_NUMBER.fullmatch(name) for name in found):
        return (
            f"The {dataset.name} file has no header: its first line is data ({_listed(found)}). Put the column names of {layout} above it:"
            f" {_listed(dataset.field_names)}."
        )
    other = next((each for each in DATASETS.values() if each is not dataset and set(each.needed) <= set(found)), None)
    if other is not None:
        return f"The {dataset.name} file has the columns of {other.name}: name it {other.file_stem}, or load the right file."
    lacks = f"lacks {_columns(missing)} {_listed(missing)}"
    if 2 * len(known) >= len(dataset.needed):
        return f"The {dataset.name} file {lacks}{_closest(missing, found, known)}."
    nameless = sum(not name.strip() for name in found)
    hint = f" and {nameless} without a name (does the header come in a later line?)" if nameless else ""
    has = f"{_listed(name for name in found if name.strip()) or 'no names'}{hint}"
    return (
        f"The {dataset.name} file is not laid out like {layout}, which is what is read: its columns are {has}; it {lacks}"
        f"{_closest(missing, found, known)}."
    )


def _closest(missing: list[str], found: list[str], known: list[str]) -> str:
    """Name the columns that may be the missing ones under another name."""
    others = {name.strip().lower(): name for name in found if name.strip() and name not in known}
    pairs = [(name, get_close_matches(name, others, n=1, cutoff=0.5)) for name in missing]
    close = [f"{_short(others[near[0]])} for {name}" for name, near in pairs if near][:_LISTED]
    return f" (closest: {', '.join(close)})" if close else ""


def _columns(names: list[str]) -> str:
    return "the column" if len(names) == 1 else "the columns"


def _listed(names: Iterable[str]) -> str:
    shown = [_short(name) for name in names]
    more = f" and {len(shown) - _LISTED} more" if len(shown) > _LISTED else ""
    return ", ".join(shown[:_LISTED]) + more


def _short(name: str) -> str:
    text = " ".join(name.split())
    return text if len(text) <= 30 else f"{text[:29]}…"
