"""``dq combine``: measurements and drills."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from app.datasets.combine import COMBINE
from cli.lists import list_command, rows_command

if TYPE_CHECKING:
    from app.athletics.schemas import ScoreParameters
    from cli.lists import Listed

_SCORES = ("season", "person_id", "player_name", "pos", "school", "athletic_score", "athletic_metrics", "forty_percentile", "draft_ovr")


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


def _scores() -> Listed[ScoreParameters]:
    from app.athletics.schemas import ScoreParameters
    from app.athletics.service import scores

    return ScoreParameters, scores


command.add_command(
    rows_command(
        "scores",
        _scores,
        _SCORES,
        "List percentiles and Athletic Scores, the best first; the filters are those of /api/v1/analytics/athletic-score.\n\n"
        "Example: dq combine scores --no-drafted --position CB",
        COMBINE,
    )
)
