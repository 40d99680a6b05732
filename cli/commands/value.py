"""``dq value``: expected value, value over expected, and the strength of classes."""

import click

from app.datasets.draft_picks import DRAFT_PICKS
from app.value.schemas import ClassStrengthParameters, ExpectedValueParameters, OverExpectedGroupParameters, OverExpectedParameters
from app.value.service import class_strength, expected_value, over_expected, selections
from cli.lists import rows_command, table_command

_PICKS = ("season", "round", "pick", "team", "name", "position", "w_av", "expected_w_av", "value_over_expected", "person_id")
_CLASSES = ("season", "group", "measure", "value", "n", "before", "classes_before", "difference", "rank", "note")


@click.group(name="value")
def command() -> None:
    """Compare selections with what was expected of their picks, and classes with those before them."""


_API = "the parameters are those of /api/v1/analytics"
for _command in (
    table_command(
        "expected",
        lambda: (ExpectedValueParameters, expected_value),
        f"Show the value that is expected of each pick; {_API}/expected-value.",
    ),
    rows_command(
        "picks",
        lambda: (OverExpectedParameters, selections),
        _PICKS,
        f"List selections by value over expected, the best first; {_API}/value-over-expected.\n\n"
        "Example: dq value picks --position QB --season-min 2000",
        DRAFT_PICKS,
    ),
    table_command(
        "groups",
        lambda: (OverExpectedGroupParameters, over_expected),
        f"Sum value over expected by group; {_API}/value-over-expected/groups.\n\nExample: dq value groups --group-by franchise",
        DRAFT_PICKS,
    ),
    rows_command(
        "classes",
        lambda: (ClassStrengthParameters, class_strength),
        _CLASSES,
        f"List what classes were worth by position group, against the ten before; {_API}/class-strength.\n\n"
        "Example: dq value classes --season 2024 --measure johnson,athletic_score",
    ),
):
    command.add_command(_command)
