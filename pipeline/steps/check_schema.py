"""Check the schema: every column of the source is there; a new one is worth a word."""

from __future__ import annotations

from app.datasets.model import Dataset
from pipeline.errors import SourceInvalid
from pipeline.issues import Issue, IssueLog


def check_columns(found: list[str], dataset: Dataset, issues: IssueLog) -> None:
    """Raise ``SourceInvalid`` naming every column that is missing; warn about every one that is not known."""
    missing = [name for name in dataset.field_names if name not in found]
    if missing:
        listed = ", ".join(missing)
        raise SourceInvalid(f"The {dataset.name} file lacks {'the column' if len(missing) == 1 else 'the columns'} {listed}.")
    doubled = sorted({name for name in found if found.count(name) > 1})
    if doubled:
        raise SourceInvalid(f"The {dataset.name} file has {', '.join(doubled)} more than once.")
    for name in found:
        if name not in dataset.field_names:
            issues.add(Issue("warning", "unknown_column", f"The column {name} is new and was not loaded.", field=name))
