"""``dq identity``: conflicts about who is who, and what people decide about them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from getpass import getuser
from typing import TYPE_CHECKING, TypeVar

import asyncpg
import click

from app.identity import service
from app.identity.schemas import ConflictParameters, DecisionParameters, PersonIdParameters
from app.settings import get_settings
from cli.filters import WholeNumber
from cli.lists import rows_command
from cli.output import echo, note, print_facts, print_json, print_table
from cli.session import ask, database

if TYPE_CHECKING:  # pipeline.decisions imports polars, which the API image does not have.
    from pipeline.decisions import Act

T = TypeVar("T")
_CONFLICT = ("conflict_id", "state", "reason", "id_type", "value", "person_id", "name", "other_person_id", "other_name")
_DECISION = ("decision_id", "kind", "same_person", "kept_id", "other_id", "conflict_id", "decided_by", "decided_at", "reason", "revoked_by")
_PERSON_ID = ("person_id", "name", "id_type", "value", "first_season", "last_season")
_NUMBER = WholeNumber(1, 2**31 - 1)


@click.group(name="identity")
def command() -> None:
    """Decide who is who: conflicts with their evidence, merging and splitting people; every decision survives later loads."""


for _command in (
    rows_command(
        "conflicts",
        lambda: (ConflictParameters, service.list_conflicts),
        _CONFLICT,
        "List conflicts.\n\nExample: dq identity conflicts --state open",
    ),
    rows_command(
        "decisions", lambda: (DecisionParameters, service.list_decisions), _DECISION, "List what people have decided, the latest first."
    ),
    rows_command(
        "ids",
        lambda: (PersonIdParameters, service.list_person_ids),
        _PERSON_ID,
        "List the ids of all people.\n\nExample: dq identity ids --id-type pfr --all --json",
    ),
):
    command.add_command(_command)


@command.command()
@click.argument("conflict", type=_NUMBER)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, the same as /api/v1/identity/conflicts/CONFLICT.")
def show(conflict: int, as_json: bool) -> None:
    """Show both sides of a conflict with their evidence, and what has been decided."""
    detail = ask(lambda context: service.conflict_detail(context, conflict))
    if as_json:
        echo(detail.model_dump_json())
        return
    print_facts(detail.conflict, title=f"Conflict {conflict}")
    rows = [each.model_dump() for each in detail.evidence]
    print_table(rows, ("what", "person", "other", "agrees"), title="Evidence")
    if detail.decisions:
        print_table(detail.decisions, _DECISION, title="Decisions")
    if detail.conflict["state"] == "open":
        note(f"To decide: dq identity resolve {conflict} --same|--different --reason TEXT")


_REASON = click.option("--reason", required=True, help="Why; kept with the decision.")
_BY = click.option("--by", help="Who decides. [default: the user of this session]")
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object.")


@command.command()
@click.argument("conflict", type=_NUMBER)
@click.option("--same/--different", "same", default=None, required=True, help="Whether the two are one person.")
@_REASON
@_BY
@_JSON
def resolve(conflict: int, same: bool, reason: str, by: str | None, as_json: bool) -> None:
    """Resolve a conflict: the two are one person and are merged, or stay two whatever later loads find."""
    from pipeline import decisions

    act = _act(reason, by)
    decision = _decide(lambda connection: decisions.resolve(connection, conflict, act, same=same))
    text = "the two are one person now" if same else "the two stay different people"
    _tell({"decision_id": decision, "conflict_id": conflict, "same_person": same}, f"Decision {decision}: {text}.", as_json=as_json)


@command.command()
@click.argument("kept", type=_NUMBER)
@click.argument("other", type=_NUMBER)
@_REASON
@_BY
@_JSON
def merge(kept: int, other: int, reason: str, by: str | None, as_json: bool) -> None:
    """Make two people one: KEPT takes over all records of OTHER, whose ID leads to KEPT from then on."""
    from pipeline import decisions

    act = _act(reason, by)
    decision = _decide(lambda connection: decisions.merge(connection, kept, other, act))
    _tell({"decision_id": decision, "person_id": kept, "former_id": other}, f"Decision {decision}: {other} is {kept} now.", as_json=as_json)


@command.command()
@click.argument("person", type=_NUMBER)
@click.option("--record", "records", multiple=True, required=True, metavar="DATASET/SEASON", help="Record to split off; may be repeated.")
@_REASON
@_BY
@_JSON
def split(person: int, records: tuple[str, ...], reason: str, by: str | None, as_json: bool) -> None:
    """Give some records of a person to another one, for example combine/2021, draft_picks/2023 or players.

    The other one is the person who had exactly these records before a merge, or a new one.
    """
    from pipeline import decisions

    act = _act(reason, by)
    labels = [label.replace("-", "_") for label in records]
    decision, other = _decide(lambda connection: decisions.split(connection, person, labels, act))
    text = f"Decision {decision}: {', '.join(labels)} of {person} belongs to {other} now."
    _tell({"decision_id": decision, "person_id": person, "other_person_id": other}, text, as_json=as_json)


def _act(reason: str, by: str | None) -> Act:
    from pipeline.decisions import Act

    if not reason.strip() or (by is not None and not by.strip()):
        raise click.UsageError("--reason and --by need a text: they are kept with the decision.")
    return Act(reason.strip(), (by or getuser()).strip())


def _decide(action: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
    from pipeline.decisions import deciding

    exports = get_settings().exports

    async def run(dsn: str) -> T:
        async with deciding(dsn, exports) as connection:
            return await action(connection)

    with database() as dsn:
        return asyncio.run(run(dsn))


def _tell(value: dict[str, object], text: str, *, as_json: bool) -> None:
    if as_json:
        print_json(value)
    else:
        echo(text)
