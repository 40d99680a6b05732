"""``dq combine``: measurements and drills."""

from __future__ import annotations

import click

from app.datasets.combine import COMBINE
from cli.lists import list_command


@click.group(name="combine")
def command() -> None:
    """List combine results since 2000: inches, pounds, seconds, repetitions."""


command.add_command(
    list_command(
        COMBINE,
        "list",
        "List combine results; the filters are those of /api/v1/combine.\n\n"
        "Example: dq combine list --position WR --forty-max 4.35 --sort forty",
    )
)
