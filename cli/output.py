"""What commands print: tables for people, JSON for programs. ``rich`` is imported when a table is printed, not before."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from rich.table import Table

Row = Mapping[str, object]

#: Characters by which text could steer a terminal; data never does.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def echo(text: str | bytes) -> None:
    """Print a line of the result. If the reader has closed the pipe (``| head``), end the process successfully and silently."""
    try:
        click.echo(text)
    except BrokenPipeError:
        # what is still buffered has to go somewhere when Python flushes at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def print_json(value: object) -> None:
    """Print one JSON document on one line."""
    import msgspec

    echo(msgspec.json.encode(value))


def print_json_lines(rows: Iterable[object]) -> None:
    """Print one JSON document per row and line."""
    for row in rows:
        print_json(row)


def note(text: str) -> None:
    """Print a remark for people to standard error, so that a pipe gets only data."""
    click.echo(_CONTROL.sub("�", text), err=True)


def shown(value: object) -> str:
    """Format a value as a cell: nothing for null, yes and no, times in UTC, and no control characters."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, list | tuple):
        return ", ".join(shown(part) for part in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {shown(part)}" for name, part in value.items())
    return _CONTROL.sub("�", str(value))


def print_table(rows: Sequence[Row], columns: Sequence[str], *, title: str | None = None, numbers: Iterable[str] = ()) -> None:
    """Print rows as a table. ``columns`` are keys of the rows and the headings; those in ``numbers`` are aligned to the right."""
    right = [column in set(numbers) for column in columns]
    cells = [[shown(row.get(column)) for column in columns] for row in rows]
    if not sys.stdout.isatty():
        _print_plainly([list(columns), *cells], right, title)
        return
    from rich.console import Console
    from rich.text import Text

    table = _table(title)
    for column, to_the_right in zip(columns, right, strict=True):
        table.add_column(column, justify="right" if to_the_right else "left", no_wrap=True, overflow="ellipsis")
    for line in cells:
        table.add_row(*map(Text, line))  # a Text, because a cell is never markup
    Console().print(table)


def print_facts(facts: Mapping[str, object], *, title: str | None = None) -> None:
    """Print names and values below each other, without nulls."""
    lines = [[name, shown(value)] for name, value in facts.items() if value is not None]
    if not sys.stdout.isatty():
        _print_plainly(lines, [False, False], title)
        return
    from rich.console import Console
    from rich.text import Text

    table = _table(title)
    table.show_header = False
    table.add_column("", style="dim", no_wrap=True)
    table.add_column("", overflow="fold")
    for name, value in lines:
        table.add_row(Text(name), Text(value))
    Console().print(table)


def number_columns(rows: Sequence[Row], columns: Sequence[str]) -> set[str]:
    """Return the columns that contain only numbers."""
    return {
        column
        for column in columns
        if all(isinstance(row.get(column), int | float | None) and not isinstance(row.get(column), bool) for row in rows)
    }


def _table(title: str | None) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    return Table(title=Text(shown(title)) if title else None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)


def _print_plainly(lines: Sequence[Sequence[str]], right: Sequence[bool], title: str | None) -> None:
    """Print aligned columns without frames, colours or a limit of width, for pipes and files."""
    if title:
        echo(shown(title))
    widths = [max((len(line[place]) for line in lines), default=0) for place in range(len(right))]
    for line in lines:
        cells = [cell.rjust(width) if to_right else cell.ljust(width) for cell, width, to_right in zip(line, widths, right, strict=True)]
        echo("  ".join(cells).rstrip())
