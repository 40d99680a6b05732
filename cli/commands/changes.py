"""``dq changes``: what loads have added, changed and removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.filters import ListCommand

if TYPE_CHECKING:
    from app.changes.schemas import ChangeParameters

_COLUMNS = ("event_id", "run_id", "dataset", "kind", "season", "pick", "name", "field", "old_value", "new_value")


def _model() -> type[ChangeParameters]:
    from app.changes.schemas import ChangeParameters

    return ChangeParameters


def _show(**given: object) -> None:
    from app.changes.service import list_changes
    from cli.lists import show_list

    show_list(_model(), list_changes, given, _COLUMNS)


command = ListCommand(
    "changes",
    _model,
    _show,
    "List what loads have added, changed and removed, the latest first; the filters are those of /api/v1/changes.\n\n"
    "Example: dq changes --since 3 --dataset draft_picks --field games",
)
