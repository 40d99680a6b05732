"""Check the schema: every column of the source is there; a new one is worth a word."""

from __future__ import annotations

from pipeline.errors import SourceInvalid
from pipeline.issues import Issue, IssueLog
from pipeline.sources.schema import SourceSchema


def check_columns(found: list[str], schema: SourceSchema, issues: IssueLog) -> None:
    """Raise ``SourceInvalid`` naming every column that is missing; warn about every one that is not known."""
    missing = [name for name in schema.column_names if name not in found]
    if missing:
        listed = ", ".join(missing)
        raise SourceInvalid(f"The {schema.dataset} file lacks {'the column' if len(missing) == 1 else 'the columns'} {listed}.")
    doubled = sorted({name for name in found if found.count(name) > 1})
    if doubled:
        raise SourceInvalid(f"The {schema.dataset} file has {', '.join(doubled)} more than once.")
    for name in found:
        if name not in schema.column_names:
            issues.add(Issue("warning", "unknown_column", f"The column {name} is new and was not loaded.", field=name))
