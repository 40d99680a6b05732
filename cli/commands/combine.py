"""``dq combine``: measurements and drills."""

import click

from app.athletics.schemas import ComparablesListFilters, ScoreParameters
from app.athletics.service import comparables_list, scores
from app.datasets.combine import COMBINE
from cli.lists import list_command, rows_command, table_command

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


command.add_command(
    rows_command(
        "scores",
        lambda: (ScoreParameters, scores),
        _SCORES,
        "List percentiles and Athletic Scores, the best first; the filters are those of /api/v1/analytics/athletic-score.\n\n"
        "Example: dq combine scores --no-drafted --position CB",
        COMBINE,
    )
)


command.add_command(
    table_command(
        "comparables",
        lambda: (ComparablesListFilters, comparables_list),
        "List the entries most like each of those that the filters choose; the parameters are those of /api/v1/analytics/comparables.\n\n"
        "Example: dq combine comparables --season 2026 --position WR --earlier-only --nearest 3",
    )
)
