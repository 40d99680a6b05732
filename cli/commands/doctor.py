"""``dq doctor``: what is wrong with this machine or the stack, and the cure."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from cli.output import echo, note, print_json_lines, shown

if TYPE_CHECKING:
    from cli.doctor.finding import Finding, State

_COLOURS: Final[dict[State, str]] = {"ok": "green", "warning": "yellow", "problem": "red", "skipped": "bright_black"}


@click.command(name="doctor")
@click.option("--json", "as_json", is_flag=True, help="JSON Lines: one object per finding.")
def command(as_json: bool) -> None:
    """Check this machine and the stack for problems, and suggest fixes.

    Looks at Docker, ports, .env and settings, owners, .venv, database and schema, the embedded PostgreSQL, file events, disk, clocks and
    line ends. Changes and starts nothing. Exit code 1 when there is a problem; warnings do not count.
    """
    from cli.doctor.examination import examine
    from cli.doctor.machine import Machine

    findings = examine(Machine.here())
    if as_json:
        print_json_lines(findings)
    else:
        _print(findings)
    sys.exit(1 if any(finding.state == "problem" for finding in findings) else 0)


def _print(findings: list[Finding]) -> None:
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        state = click.style(f"{finding.state:<7}", fg=_COLOURS[finding.state]) if sys.stdout.isatty() else f"{finding.state:<7}"
        echo(f"{state}  {finding.name:<{width}}  {shown(str(finding))}")
    count = {state: sum(finding.state == state for finding in findings) for state in ("problem", "warning")}
    words = [f"{number} {state}{'' if number == 1 else 's'}" for state, number in count.items() if number]
    note(f"{', '.join(words) or 'No problems found'}.")
