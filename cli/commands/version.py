"""``dq version``: release, program, schema and data."""

import click

from cli.output import print_facts, print_json


@click.command(name="version")
@click.option("--data", is_flag=True, help="Include the data in the database: the version and the rows of each data set.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(data: bool, as_json: bool) -> None:
    """Show the release and the versions of the program and schema; with --data, also those of the data sets in the database."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from app.db.schema_version import head

    try:
        program = version("draft-queen")
    except PackageNotFoundError:
        program = "not installed"
    facts: dict[str, object] = {"release": release(), "program": program, "python": platform.python_version(), "schema": head()}
    if data:
        facts |= _of_data()
    if as_json:
        print_json(facts)
    else:
        print_facts(facts)


def release() -> str:
    """Return the name of the release, as the API says it."""
    from pydantic import ValidationError

    from app.settings import ReleaseSettings, get_settings
    from app.settings.release import release_of

    try:
        return release_of(ReleaseSettings())
    except ValidationError:  # reported with everything else that is wrong
        return release_of(get_settings())


def _of_data() -> dict[str, object]:
    from cli.session import ask

    found = ask(lambda context: context.version())
    return {
        "data": found.tag,
        "versions": dict(found.versions),
        "rows": dict(found.rows),
        "synthetic": found.synthetic,
        "updated_at": found.updated_at,
    }
