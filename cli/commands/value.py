"""``dq value``: expected value, value over expected, and the strength of classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.lists import rows_command, table_command

if TYPE_CHECKING:
    from app.value.schemas import ClassStrengthParameters, ExpectedValueParameters, GroupParameters, OverExpectedParameters
    from cli.lists import Computed, Listed

_PICKS = ("season", "round", "pick", "team", "name", "position", "w_av", "expected_w_av", "value_over_expected", "person_id")
_CLASSES = ("season", "group", "measure", "value", "n", "before", "classes_before", "difference", "rank", "note")


@click.group(name="value")
def command() -> None:
    """Compare selections with what was expected of their picks, and classes with those before them."""


def _expected() -> Computed[ExpectedValueParameters]:
    from app.value.schemas import ExpectedValueParameters
    from app.value.service import expected_value

    return ExpectedValueParameters, expected_value


def _picks() -> Listed[OverExpectedParameters]:
    from app.value.schemas import OverExpectedParameters
    from app.value.service import selections

    return OverExpectedParameters, selections


def _groups() -> Computed[GroupParameters]:
    from app.value.schemas import OverExpectedGroupParameters
    from app.value.service import over_expected

    return OverExpectedGroupParameters, over_expected


def _classes() -> Listed[ClassStrengthParameters]:
    from app.value.schemas import ClassStrengthParameters
    from app.value.service import class_strength

    return ClassStrengthParameters, class_strength


_API = "the parameters are those of /api/v1/analytics"
for _command in (
    table_command("expected", _expected, f"Show the value that is expected of each pick; {_API}/expected-value."),
    rows_command(
        "picks",
        _picks,
        _PICKS,
        f"List selections by value over expected, the best first; {_API}/value-over-expected.\n\n"
        "Example: dq value picks --position QB --season-min 2000",
    ),
    table_command(
        "groups",
        _groups,
        f"Sum value over expected by group; {_API}/value-over-expected/groups.\n\nExample: dq value groups --group-by franchise",
    ),
    rows_command(
        "classes",
        _classes,
        _CLASSES,
        f"List what classes were worth by position group, against the ten before; {_API}/class-strength.\n\n"
        "Example: dq value classes --season 2024 --measure johnson,athletic_score",
    ),
):
    command.add_command(_command)
