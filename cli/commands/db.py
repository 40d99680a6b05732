"""``dq db``: the schema of the database."""

import sys

import click

from cli.output import print_facts, print_json


@click.group(name="db")
def command() -> None:
    """Migrate the database, or show its schema."""


@command.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--compatible", is_flag=True, help="Refuse migrations that are incompatible with the running release (exit code 3).")
def migrate(as_json: bool, compatible: bool) -> None:
    """Apply pending migrations; concurrent runs wait for the first."""
    from app.settings.database import configured_dsn
    from cli.migrations.migrate import require_compatible, upgrade
    from cli.session import schema_status

    with configured_dsn() as dsn:
        before = schema_status(dsn)
        if compatible:
            require_compatible(dsn)
        if not before.up_to_date:  # Alembic does not know a newer schema, even one that this code is compatible with
            upgrade(dsn)
    after = before.current if before.up_to_date else before.head
    if as_json:
        print_json({"before": before.current, "after": after, "migrated": not before.up_to_date})
    elif before.up_to_date:
        click.echo(f"Nothing to do: the schema is {after}{'' if before.known else f', which only adds to {before.head}'}.")
    else:
        click.echo(f"Migrated from {before.current or 'an empty database'} to {before.head}.")


@command.command(name="status")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def show_status(as_json: bool) -> None:
    """Show the database schema and the required schema; the exit code is 1 if they differ."""
    from app.settings.database import configured_dsn
    from cli.session import schema_status

    with configured_dsn() as dsn:
        found = schema_status(dsn)
    facts = {"current": found.current, "wanted": found.head, "pending": list(found.pending), "up_to_date": found.up_to_date}
    if as_json:
        print_json(facts)
    else:
        print_facts(
            {
                "schema": found.current or "none: the database is empty",
                "wanted": found.head,
                "state": "up to date" if found.up_to_date else "run: dq db migrate" if found.known else "written by a newer version of dq",
            }
        )
    sys.exit(0 if found.up_to_date else 1)
