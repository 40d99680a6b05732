"""``dq combine``: measurements and drills."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from app.datasets.combine import COMBINE
from cli.filters import ListCommand

if TYPE_CHECKING:
    from app.combine.schemas import CombineParameters


def _model() -> type[CombineParameters]:
    from app.combine.schemas import CombineParameters

    return CombineParameters


def _list(**given: object) -> None:
    from app.combine.service import list_entries
    from cli.lists import show_list

    show_list(_model(), list_entries, given, COMBINE.command_fields, COMBINE)


@click.group(name="combine")
def command() -> None:
    """Combine results since 2000: inches, pounds, seconds, repetitions."""


command.add_command(
    ListCommand(
        "list",
        _model,
        _list,
        "List combine results; the filters are those of /api/v1/combine.\n\n"
        "Example: dq combine list --position WR --forty-max 4.35 --sort forty",
    )
)
