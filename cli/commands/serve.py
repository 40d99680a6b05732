"""``dq serve``: the whole product from one command; what ``make run`` starts."""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from cli.filters import WholeNumber

_COLOURS = {"dq": "bright_cyan", "api": "green", "load": "yellow", "pipeline": "magenta"}


def _say(name: str, line: str) -> None:
    """Write a line to the terminal, prefixed with the name of its source."""
    prefix = click.style(f"{name:>8} | ", fg=_COLOURS.get(name)) if name else ""
    _echo(f"{prefix}{line}")


def _say_as_json(name: str, line: str) -> None:
    """Write a line for log collectors: JSON as it is, any other line as an event."""
    if line.startswith("{"):
        _echo(line)
    elif line.strip():
        event = {"timestamp": datetime.now(UTC).isoformat(), "level": "info", "logger": f"serve.{name or 'dq'}", "event": line.strip()}
        _echo(json.dumps(event, ensure_ascii=False))


def _echo(line: str) -> None:
    """Write a line, unless the terminal is closed: SIGHUP is on its way, and stopping needs no words."""
    try:
        click.echo(line)
    except OSError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - until the process ends


@click.command(name="serve")
@click.option("--host", help="Address to listen on. [default: HOST, 127.0.0.1]")
@click.option("--port", type=WholeNumber(1, 65535), help="Port to listen on. [default: PORT, 8000]")
@click.option(
    "--from",
    "source_dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Load the real files in this folder first.",
)
@click.option(
    "--reload/--no-reload", default=None, help="Reload the API and the pipeline after every edit. [default: RELOAD, yes in development]"
)
def command(host: str | None, port: int | None, source_dir: Path | None, reload: bool | None) -> None:
    """Start everything: database, data, pipeline, API and pages.

    Without DATABASE_URL, an embedded PostgreSQL is started in DATA_DIR. An empty database is filled: from the given folder, from the
    public release files, or with the synthetic league. Ctrl-C stops everything; the data are kept.
    """
    if source_dir is not None:
        from pipeline.extraction import in_folder

        if not in_folder(source_dir):
            raise click.BadParameter(
                f"{source_dir} holds no release file such as draft_picks.csv or combine.parquet. Name the folder that has them.",
                param_hint="'--from'",
            )
    # Set it in the environment, so that the child processes get it too.
    for name, value in (("HOST", host), ("PORT", port), ("RELOAD", reload)):
        if value is not None:
            os.environ[name] = str(value)
    from app.process import ending_with
    from app.settings import get_settings
    from cli.serve.launcher import Launcher

    if os.environ.get("MAKELEVEL"):  # `make run` that is killed takes this process with it
        ending_with(os.getppid())()
    settings = get_settings()
    launcher = Launcher(settings, source_dir.resolve() if source_dir else None, _say_as_json if settings.log_as_json else _say)
    sys.exit(asyncio.run(launcher.run()))
