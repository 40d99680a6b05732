"""``dq export``: the files of whole data sets, as the loads have written them or as of an earlier one."""

from __future__ import annotations

import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.errors import DraftQueenError
from cli.output import echo, note, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.context import ServiceContext
    from app.exports.schemas import ExportList

_COLUMNS = ("file", "rows", "bytes", "version", "current")


@click.command(name="export")
@click.argument("file", required=False)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path(),
    help="File or folder to write to; a name without an extension is a folder. [default: this folder]",
)
@click.option("--as-of", help="The rows as of a load by its number, or as of the end of a day (UTC).")
@click.option("--json", "as_json", is_flag=True, help="The list as one JSON object, the same as /api/v1/exports.")
def command(file: str | None, out: Path, as_of: str | None, *, as_json: bool) -> None:
    """Copy FILE, the file of a whole data set such as prospects.parquet or person-ids.csv; without FILE, list them.

    Example: dq export prospects.parquet --out /tmp
    """
    from app.exports.schemas import ExportParameters
    from app.exports.service import export_as_of, find_export, list_exports
    from app.settings import get_settings
    from cli.filters import parameters
    from cli.session import ask

    folder = get_settings().exports
    if file is None:
        if as_of is not None:
            raise click.UsageError("--as-of needs FILE.")
        _show(ask(lambda context: list_exports(context, folder, "/api/v1/exports")), as_json=as_json)
        return
    name = file
    then = parameters(ExportParameters, {"as_of": as_of} if as_of is not None else {}).as_of

    async def write(context: ServiceContext) -> tuple[Path, bool]:
        if then is None:
            export = await find_export(context, folder, name, release="")
            with _writing(out, export.name) as (target, partial):
                shutil.copyfile(export.path, partial)
            return target, export.current
        stream = await export_as_of(context, name, then)
        with _writing(out, stream.filename) as (target, partial), partial.open("wb") as copy:

            async def take(body: bytes) -> None:
                try:
                    copy.write(body)
                except OSError as error:  # not one of the database
                    raise _cannot_write(target, error) from error

            await stream.copy(take)
        return target, True

    target, current = ask(write)
    echo(str(target))
    if not current:
        note("The file does not have the latest data yet; the next load updates it: dq etl run")


@contextmanager
def _writing(out: Path, name: str) -> Iterator[tuple[Path, Path]]:
    """Yield the file to write to, and a temporary one that takes its place if the block succeeds. A folder is made."""
    target = out / name if out.is_dir() or not out.suffix else out
    partial = target.with_name(f"{target.name}.part")
    try:
        if target != out:
            out.mkdir(parents=True, exist_ok=True)
        yield target, partial
        partial.replace(target)
    except OSError as error:
        raise _cannot_write(target, error) from error
    finally:
        with suppress(OSError):
            partial.unlink()


def _cannot_write(target: Path, error: OSError) -> DraftQueenError:
    return DraftQueenError(f"Cannot write {target}: {error.strerror}.", "Name another file or folder with --out.")


def _show(found: ExportList, *, as_json: bool) -> None:
    if as_json:
        print_json(found.model_dump())
    elif found.items:
        rows = [{**each.model_dump(), "file": f"{each.dataset}.{each.format}"} for each in found.items]
        print_table(rows, _COLUMNS, numbers=_COLUMNS[1:4])
    else:
        note("No exports have been written yet; the next load writes them: dq etl run")
