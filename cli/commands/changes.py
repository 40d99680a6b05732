"""``dq changes``: what loads have added, changed and removed."""

from app.changes.schemas import ChangeParameters
from app.changes.service import list_changes
from cli.lists import rows_command

command = rows_command(
    "changes",
    lambda: (ChangeParameters, list_changes),
    ("event_id", "run_id", "dataset", "kind", "season", "pick", "name", "field", "old_value", "new_value"),
    "List what loads have added, changed and removed, the latest first; the filters are those of /api/v1/changes.\n\n"
    "Example: dq changes --since 3 --dataset draft_picks --field games",
)
