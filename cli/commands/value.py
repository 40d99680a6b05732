"""``dq value``: expected value, value over expected, and the strength of classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.filters import ListCommand
from cli.lists import show_list, show_table

if TYPE_CHECKING:
    from app.value.schemas import ClassStrengthParameters, ExpectedValueParameters, GroupParameters, OverExpectedParameters

_PICKS = ("season", "round", "pick", "team", "name", "position", "w_av", "expected_w_av", "value_over_expected", "person_id")
_CLASSES = ("season", "group", "measure", "value", "n", "before", "classes_before", "difference", "rank", "note")


@click.group(name="value")
def command() -> None:
    """Compare selections with what was expected of their picks, and classes with those before them."""


def _expected_model() -> type[ExpectedValueParameters]:
    from app.value.schemas import ExpectedValueParameters

    return ExpectedValueParameters


def _expected(**given: object) -> None:
    from app.value.service import expected_value

    show_table(_expected_model(), expected_value, given)


def _picks_model() -> type[OverExpectedParameters]:
    from app.value.schemas import OverExpectedParameters

    return OverExpectedParameters


def _picks(**given: object) -> None:
    from app.value.service import selections

    show_list(_picks_model(), selections, given, _PICKS)


def _groups_model() -> type[GroupParameters]:
    from app.value.schemas import OverExpectedGroupParameters

    return OverExpectedGroupParameters


def _groups(**given: object) -> None:
    from app.value.service import over_expected

    show_table(_groups_model(), over_expected, given)


def _classes_model() -> type[ClassStrengthParameters]:
    from app.value.schemas import ClassStrengthParameters

    return ClassStrengthParameters


def _classes(**given: object) -> None:
    from app.value.service import class_strength

    show_list(_classes_model(), class_strength, given, _CLASSES)


_API = "the parameters are those of /api/v1/analytics"
for _command in (
    ListCommand(
        "expected", _expected_model, _expected, f"Show the value that is expected of each pick; {_API}/expected-value.", paged=False
    ),
    ListCommand(
        "picks",
        _picks_model,
        _picks,
        f"List selections by value over expected, the best first; {_API}/value-over-expected.\n\n"
        "Example: dq value picks --position QB --season-min 2000",
    ),
    ListCommand(
        "groups",
        _groups_model,
        _groups,
        f"Sum value over expected by group; {_API}/value-over-expected/groups.\n\nExample: dq value groups --group-by franchise",
        paged=False,
    ),
    ListCommand(
        "classes",
        _classes_model,
        _classes,
        f"List what classes were worth by position group, against the ten before; {_API}/class-strength.\n\n"
        "Example: dq value classes --season 2024 --measure johnson,athletic_score",
    ),
):
    command.add_command(_command)
