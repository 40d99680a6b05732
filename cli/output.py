"""What commands print: tables for people, JSON for programs. ``rich`` is imported when a table is printed, not before."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

Row = Mapping[str, object]

#: Width for output that no terminal limits: a pipe or a file.
_UNLIMITED: Final = 10_000
#: Characters by which text could steer a terminal; data never does.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def json_option(help_text: str) -> click.Option:
    """The ``--json`` of every command that answers."""
    return click.Option(["--json", "as_json"], is_flag=True, help=help_text)


def print_json(value: object) -> None:
    """One JSON document on one line."""
    import msgspec

    click.echo(msgspec.json.encode(value))


def print_json_lines(rows: Iterable[object]) -> None:
    """One JSON document per row and line."""
    for row in rows:
        print_json(row)


def note(text: str) -> None:
    """A remark for people: on standard error, so that a pipe gets data alone."""
    click.echo(text, err=True)


def shown(value: object) -> str:
    """A value as a cell: nothing for null, yes and no, and no control characters."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, list | tuple):
        return ", ".join(shown(part) for part in value)
    return _CONTROL.sub("�", str(value))


def print_table(rows: Sequence[Row], columns: Sequence[str], *, title: str | None = None, numbers: Iterable[str] = ()) -> None:
    """Rows as a table. ``columns`` are keys of the rows and the headings; those in ``numbers`` are aligned to the right."""
    console = _console()
    table = _table(console, title)
    right = set(numbers)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", no_wrap=True, overflow="ellipsis")
    for row in rows:
        table.add_row(*(_text(shown(row.get(column))) for column in columns))
    console.print(table)


def print_facts(facts: Mapping[str, object], *, title: str | None = None) -> None:
    """Names and values below each other; what is null is left out."""
    console = _console()
    table = _table(console, title)
    table.show_header = False
    table.add_column("", style="dim" if console.is_terminal else "", no_wrap=True)
    table.add_column("", overflow="fold")
    for name, value in facts.items():
        if value is not None:
            table.add_row(_text(name), _text(shown(value)))
    console.print(table)


def number_columns(rows: Sequence[Row], columns: Sequence[str]) -> set[str]:
    """Columns that hold nothing but numbers."""
    return {
        column
        for column in columns
        if all(isinstance(row.get(column), int | float | None) and not isinstance(row.get(column), bool) for row in rows)
    }


def _text(text: str) -> Text:
    from rich.text import Text

    return Text(text)  # a cell is never markup


def _table(console: Console, title: str | None) -> Table:
    from rich import box
    from rich.table import Table

    if console.is_terminal:
        return Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    return Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))


def _console() -> Console:
    from rich.console import Console

    terminal = sys.stdout.isatty()
    return Console(file=sys.stdout, width=None if terminal else _UNLIMITED, highlight=False, soft_wrap=False)
