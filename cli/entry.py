"""The first thing ``dq`` runs: answers ``dq --help`` from text alone, and leaves everything else to ``cli.main``.

Click takes four times as long to import as Python takes to start, and the list of commands needs nothing of it. A test holds this text
equal to what click would print.
"""

import sys

COMMANDS = {
    "serve": "Start everything: database, data, pipeline, API and pages.",
    "etl": "Load draft data and look at past runs.",
    "picks": "List draft selections.",
    "combine": "List combine results.",
    "person": "Find a player, or show one in full.",
    "db": "Migrate the database, or show where it stands.",
    "doctor": "Find what is wrong with this machine or stack.",
    "sample": "Generate the synthetic league as files.",
    "version": "Show the versions of program, schema and data.",
}
"""Every command with its one line of help, in the order in which a person meets them."""

ABOUT = """\
NFL draft analytics: every pick since 1980, every combine since 2000.

Settings come from the environment and .env: see docs/settings.md."""


def help_text() -> str:
    """What ``dq --help`` prints."""
    width = max(map(len, COMMANDS))
    about = "".join(f"  {line}\n" if line else "\n" for line in ABOUT.splitlines())
    commands = "".join(f"  {name:<{width}}  {text}\n" for name, text in COMMANDS.items())
    return f"Usage: dq [OPTIONS] COMMAND [ARGS]...\n\n{about}\nOptions:\n  -h, --help  Show this message and exit.\n\nCommands:\n{commands}"


def main() -> None:
    """Entry point of ``dq``."""
    if sys.argv[1:] in (["--help"], ["-h"]):
        sys.stdout.write(help_text())
        return
    from cli.main import main as dispatch

    dispatch()


if __name__ == "__main__":
    main()
