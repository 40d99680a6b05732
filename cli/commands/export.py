"""``dq export``: the files of whole data sets, as the loads have written them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.errors import DraftQueenError
from cli.output import echo, note, print_json, print_table

if TYPE_CHECKING:
    from app.context import ServiceContext
    from app.exports.schemas import ExportList
    from app.exports.service import Export

_COLUMNS = ("file", "rows", "bytes", "version")


@click.command(name="export")
@click.argument("file", required=False)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path(),
    help="File or folder to write to; a name without an extension is a folder. [default: this folder]",
)
@click.option("--json", "as_json", is_flag=True, help="The list as one JSON object, the same as /api/v1/exports.")
def command(file: str | None, out: Path, *, as_json: bool) -> None:
    """Copy FILE, the file of a whole data set such as prospects.parquet or person-ids.csv; without FILE, list them.

    Example: dq export prospects.parquet --out /tmp
    """
    from app.exports.service import find_export, list_exports
    from app.settings import get_settings
    from cli.session import ask

    folder = get_settings().exports
    if file is None:
        _show(ask(lambda context: list_exports(context, folder, "/api/v1/exports")), as_json=as_json)
        return
    name = file

    async def find(context: ServiceContext) -> Export:
        return await find_export(context, folder, name, release="")

    export = ask(find)
    to_folder = out.is_dir() or not out.suffix
    target = out / export.name if to_folder else out
    try:
        if to_folder:
            out.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(export.path, target)
    except OSError as error:
        raise DraftQueenError(f"Cannot write {target}: {error.strerror}.", "Name another file or folder with --out.") from error
    echo(str(target))


def _show(found: ExportList, *, as_json: bool) -> None:
    if as_json:
        print_json(found.model_dump())
    elif found.items:
        rows = [{**each.model_dump(), "file": f"{each.dataset}.{each.format}"} for each in found.items]
        print_table(rows, _COLUMNS, numbers=_COLUMNS[1:])
    else:
        note("No exports have been written yet; the next load writes them: dq etl run")
