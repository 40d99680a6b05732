"""``dq picks``: draft selections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from app.datasets.draft_picks import DRAFT_PICKS
from cli.filters import ListCommand

if TYPE_CHECKING:
    from app.draft_picks.schemas import DraftPickParameters


def _model() -> type[DraftPickParameters]:
    from app.draft_picks.schemas import DraftPickParameters

    return DraftPickParameters


def _list(**given: object) -> None:
    from app.draft_picks.service import list_picks
    from cli.lists import show_list

    show_list(_model(), list_picks, given, DRAFT_PICKS.command_fields, DRAFT_PICKS)


@click.group(name="picks")
def command() -> None:
    """Draft selections since 1980, with career outcomes."""


command.add_command(
    ListCommand(
        "list",
        _model,
        _list,
        "List draft selections; the filters are those of /api/v1/draft-picks.\n\nExample: dq picks list --season 2020 --round 1",
    )
)
