"""``dq``, the command line: finds a command, imports only that one, and turns errors into sentences.

Every command lives in ``cli/commands/<name>.py`` and exports ``command``. Its one-line help stands in ``cli.commands``, so that listing
the commands imports none of them. Exit codes: 0 done, 1 failed, 2 wrongly asked or configured, 130 interrupted.
"""

import errno
import os
import sys
from importlib import import_module
from typing import NoReturn

import click

from app.errors import DraftQueenError
from cli.commands import ABOUT, COMMANDS

__all__ = ["COMMANDS", "main", "root", "sentence_for"]


PIPELINE_PACKAGES = frozenset({"polars", "httpx"})
"""What the API's image leaves out: loading is the pipeline's work, and data frames are larger than everything else together."""

NO_PIPELINE = (
    "This command requires the pipeline's packages, which are not installed here: run the command in the pipeline container "
    "(docker compose exec pipeline dq ...), or install requirements/pipeline.txt."
)


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, not when they are listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the signature is click's
        """List the commands in the order of their table, by typical use instead of the alphabet."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the signature is click's
        """Import the command, or return None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"cli.commands.{cmd_name.replace('-', '_')}").command
        if not isinstance(command, click.Command):
            raise TypeError(f"cli.commands.{cmd_name}.command is not a click command")
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolve as click does, which takes the nearest names for an unknown command from those it has imported."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            raise click.NoSuchCommand(error.command_name, possibilities=COMMANDS, ctx=ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the signature is click's
        """List the commands in ``dq --help`` from the table, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _show_release(ctx: click.Context, _option: click.Parameter, asked: bool) -> None:
    """Print the release and end, if asked."""
    if asked:
        click.echo(f"dq {import_module('cli.commands.version').release()}")
        ctx.exit()


@click.group(cls=LazyGroup, help=ABOUT, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_release, help="Show the release; `dq version` shows more."
)
def root() -> None:
    """Group all commands; the help text is ``cli.commands.ABOUT``."""


def sentence_for(error: OSError) -> str | None:
    """Return the error message for a common operating system error, or None for any other."""
    name = f" ({error.filename})" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full{name}: free some space and try again; no partial result was kept."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"Permission denied{name}: use a folder that you can write to, or set DATA_DIR."
    if isinstance(error, ConnectionError):
        return "The database cannot be reached: start it with `make run`, or check DATABASE_URL."
    if isinstance(error, FileNotFoundError) and error.filename:
        return f"No such file or folder: {error.filename}."
    return None


def fail(message: str, code: int) -> NoReturn:
    """Print an error message to standard error and exit."""
    _drop_what_finds_no_room()
    click.secho(f"Error: {message}", fg="red", err=True)
    sys.exit(code)


def _drop_what_finds_no_room() -> None:
    """Discard buffered output if it cannot be flushed: Python flushes again at exit, with its own message and exit code."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main(args: list[str] | None = None) -> NoReturn:
    """Run ``dq`` and end the process with one of the exit codes above."""
    try:
        # In this mode click hands back the code of ctx.exit() instead of ending the process.
        code = root.main(args=args, prog_name="dq", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except DraftQueenError as error:
        fail(str(error), error.exit_code)
    except ModuleNotFoundError as error:
        if error.name not in PIPELINE_PACKAGES:
            raise
        fail(NO_PIPELINE, 1)
    except BrokenPipeError:
        # `dq picks list | head`: the reader has enough. Python's own flush at exit would complain, so point it nowhere.
        sys.stdout = None
        sys.exit(0)
    except OSError as error:
        sentence = sentence_for(error)
        if sentence is None:
            raise
        fail(sentence, 1)
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted.", err=True)
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
