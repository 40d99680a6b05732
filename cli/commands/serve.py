"""``dq serve``: the whole product from one command; what ``make run`` starts."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.serve.json_lines import JsonLines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cli.serve.launcher import Part

_COLOURS = {"dq": "bright_cyan", "api": "green", "load": "yellow", "pipeline": "magenta"}
_lock = threading.Lock()
#: A traceback is written in one go: after this time without another line, the rest of it does not come.
_HELD_SECONDS = 1.0


def _say(name: str, line: str) -> None:
    """One line on the terminal, under the name of who says it."""
    prefix = click.style(f"{name:>8} | ", fg=_COLOURS.get(name)) if name else ""
    with _lock:
        _echo([f"{prefix}{line}"])


def _say_alone(_name: str, line: str) -> None:
    """Write one line of a part that runs alone: in a container, whose log carries its name already."""
    _say("", line)


class _JsonTerminal:
    """``_say`` for log collectors."""

    def __init__(self) -> None:
        self._lines = JsonLines()
        self._timer: threading.Timer | None = None
        self._last = 0.0

    def say(self, name: str, line: str) -> None:
        """Write a line of one of our processes; what is held back is written when nothing more comes."""
        with _lock:
            _echo(self._lines.of(name, line))
            if self._lines.holding and self._timer is None:
                self._wait_for_more(_HELD_SECONDS)
            self._last = time.monotonic()

    def _wait_for_more(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._write_if_silent)
        self._timer.daemon = True
        self._timer.start()

    def _write_if_silent(self) -> None:
        """Write what is held back, or wait once more when a line has come in the meantime."""
        with _lock:
            self._timer = None
            silent = time.monotonic() - self._last
            if not self._lines.holding:
                return
            if silent < _HELD_SECONDS:
                self._wait_for_more(_HELD_SECONDS - silent)
            else:
                _echo(self._lines.rest())

    def close(self) -> None:
        """Write what is held back."""
        with _lock:
            _echo(self._lines.rest())


def _echo(lines: Iterable[str]) -> None:
    """A closed terminal is no reason to fail: SIGHUP is on its way, and stopping needs no words."""
    try:
        for line in lines:
            click.echo(line)
    except OSError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - until the process ends


@click.command(name="serve")
@click.option("--host", help="Address to listen on. [default: HOST, 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on. [default: PORT, 8000]")
@click.option(
    "--from",
    "source_dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Load the real files in this folder first.",
)
@click.option(
    "--reload/--no-reload", default=None, help="Reload the API and the pipeline after every edit. [default: RELOAD, yes in development]"
)
@click.option(
    "--only",
    type=click.Choice(["api", "pipeline"]),
    help="Run only this part, as containers do; wait for the database and its schema instead of creating them.",
)
def command(host: str | None, port: int | None, source_dir: Path | None, reload: bool | None, only: Part | None) -> None:
    """Start everything: database, data, pipeline, API and pages.

    Without DATABASE_URL, an embedded PostgreSQL is started in DATA_DIR. An empty database is filled: from the given folder, from the
    public release files, or with the synthetic league. Ctrl-C stops everything; the data are kept.
    """
    # Into the environment, where the child processes find it too.
    for name, value in (("HOST", host), ("PORT", port), ("RELOAD", reload)):
        if value is not None:
            os.environ[name] = str(value)
    from app.settings import get_settings
    from cli.serve.launcher import Launcher, Plan
    from pipeline.parent import end_with_make

    end_with_make()
    if source_dir is not None and only == "api":
        raise click.UsageError("--from applies to the pipeline; omit --only api.")
    plan = Plan(get_settings(), source_dir.resolve() if source_dir else None, only)

    async def run() -> int:
        if not plan.settings.log_as_json:
            return await Launcher(plan, _say if only is None else _say_alone).run()
        terminal = _JsonTerminal()
        try:
            return await Launcher(plan, terminal.say).run()
        finally:
            terminal.close()

    sys.exit(asyncio.run(run()))
