"""``dq changes``: what loads have added, changed and removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.lists import rows_command

if TYPE_CHECKING:
    from app.changes.schemas import ChangeParameters
    from cli.lists import Listed

_COLUMNS = ("event_id", "run_id", "dataset", "kind", "season", "pick", "name", "field", "old_value", "new_value")


def _load() -> Listed[ChangeParameters]:
    from app.changes.schemas import ChangeParameters
    from app.changes.service import list_changes

    return ChangeParameters, list_changes


command = rows_command(
    "changes",
    _load,
    _COLUMNS,
    "List what loads have added, changed and removed, the latest first; the filters are those of /api/v1/changes.\n\n"
    "Example: dq changes --since 3 --dataset draft_picks --field games",
)
