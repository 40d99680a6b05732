"""``dq picks``: draft selections."""

import click

from app.datasets.draft_picks import DRAFT_PICKS
from cli.lists import list_command


@click.group(name="picks")
def command() -> None:
    """List draft selections since 1980, with career outcomes."""


command.add_command(
    list_command(
        DRAFT_PICKS,
        "list",
        "List draft selections; the filters are those of /api/v1/draft-picks.\n\nExample: dq picks list --season 2020 --round 1",
    )
)
