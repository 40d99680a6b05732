"""The commands that list rows, such as ``dq picks list``: read pages from a service and print them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import click

from app.errors import InvalidParameter
from cli.filters import ListCommand, option_name, parameters
from cli.output import note, number_columns, print_json_lines, print_table, shown
from cli.session import ask

if TYPE_CHECKING:
    from app.context import ServiceContext
    from app.datasets.model import Dataset
    from app.listing.model import Row
    from app.listing.page import Page
    from app.listing.parameters import ListParameters, PageParameters, TableParameters
    from app.listing.query import ListQuery
    from app.listing.table import TableQuery

P = TypeVar("P", bound="PageParameters")
T = TypeVar("T", bound="TableParameters")
#: The parameters of a list and the service that reads it, or of a computed table.
Listed: TypeAlias = "tuple[type[P], Callable[[ServiceContext, P], Awaitable[ListQuery]]]"
Computed: TypeAlias = "tuple[type[T], Callable[[ServiceContext, T], Awaitable[TableQuery]]]"

_LARGEST_PAGE = 1_000
_SYNTHETIC = "Synthetic league: made-up names and numbers. Real data: dq etl run"


class DatasetGroup(click.Group):
    """Commands named after data sets; both spellings work, as in the API: ``pick-values`` and ``pick_values``."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find the command by either spelling."""
        return super().get_command(ctx, cmd_name.replace("_", "-"))


def list_command(dataset: Dataset, name: str, help_text: str) -> ListCommand:
    """Build the command that lists the rows of a data set."""

    def load() -> Listed[ListParameters]:
        from app.listing.derived import parameter_model
        from app.listing.query import query_list
        from app.records.queries import LISTINGS

        async def query(context: ServiceContext, parameters: ListParameters) -> ListQuery:
            return await query_list(context, dataset, LISTINGS[dataset.name], parameters)

        return parameter_model(dataset), query

    return rows_command(name, load, dataset.command_fields or tuple(dataset.listed), help_text, dataset)


def rows_command(
    name: str, load: Callable[[], Listed[P]], columns: Sequence[str], help_text: str, dataset: Dataset | None = None
) -> ListCommand:
    """Build the command that lists what a service returns; ``load`` imports the service and its parameters when the command is called."""

    def show(**given: object) -> None:
        model, service = load()
        show_list(model, service, given, columns, dataset)

    return ListCommand(name, lambda: load()[0], show, help_text)


def table_command(name: str, load: Callable[[], Computed[T]], help_text: str) -> ListCommand:
    """Build the command that shows the whole table that a service returns; ``load`` as in ``rows_command``."""

    def show(**given: object) -> None:
        model, service = load()
        show_table(model, service, given)

    return ListCommand(name, lambda: load()[0], show, help_text, paged=False)


def show_list(
    model: type[P],
    service: Callable[[ServiceContext, P], Awaitable[ListQuery]],
    given: dict[str, object],
    columns: Sequence[str],
    dataset: Dataset | None = None,
) -> None:
    """Print the rows that ``service`` returns; ``columns`` are those of the table without ``--fields``.

    ``dataset``: the data set whose rows these are, which may be made up or not loaded yet.
    """

    async def read(context: ServiceContext) -> tuple[Page, bool]:
        page = await read_rows(context, model, service, given, wanted)
        return page, dataset is None or page.total > 0 or await _is_loaded(context, dataset)

    as_json, limit = bool(given.pop("as_json")), given.pop("limit")
    wanted = None if given.pop("all_rows") else int(str(limit))
    asked_for = given.get("fields")
    if asked_for is None and not as_json:
        given["fields"] = ",".join(columns)
    parameters(model, given)  # refuse invalid options before a server is started
    try:
        page, loaded = ask(read)
    except InvalidParameter as error:
        raise click.UsageError(f"{option_name(error.parameter)}: {error.message}") from None
    if as_json:
        print_json_lines(page.items)
        return
    headings = list(page.items[0]) if page.items else []
    if page.items:
        print_table(page.items, headings, numbers=number_columns(page.items, headings))
    _count(page)
    if dataset is not None:
        _remark(page, dataset, loaded=loaded)


def show_table(
    model: type[T],
    service: Callable[[ServiceContext, T], Awaitable[TableQuery]],
    given: dict[str, object],
) -> None:
    """Print the whole table that ``service`` returns, and what it says about it."""

    async def read(context: ServiceContext) -> tuple[list[Row], int, dict[str, object], bool]:
        table = await service(context, checked)
        return *await table.page(), dict(table.about), table.version.synthetic

    as_json = bool(given.pop("as_json"))
    checked = parameters(model, given)
    try:
        rows, total, about, synthetic = ask(read)
    except InvalidParameter as error:
        raise click.UsageError(f"{option_name(error.parameter)}: {error.message}") from None
    if as_json:
        print_json_lines(rows)
        return
    headings = list(rows[0]) if rows else []
    if rows:
        print_table(rows, headings, numbers=number_columns(rows, headings))
    note(f"{len(rows):,} of {total:,} rows." if len(rows) < total else f"{total:,} row{'' if total == 1 else 's'}.")
    if said := about.pop("note", None):
        note(str(said))
    if about:
        note(", ".join(f"{name} {shown(value)}" for name, value in about.items()))
    if synthetic:
        note(_SYNTHETIC)


async def read_rows(
    context: ServiceContext,
    model: type[P],
    service: Callable[[ServiceContext, P], Awaitable[ListQuery]],
    given: dict[str, object],
    wanted: int | None,
) -> Page:
    """Follow the cursors until enough rows are read (None: all), and return them as one page."""
    from msgspec.structs import replace

    size = _LARGEST_PAGE if wanted is None else min(wanted, _LARGEST_PAGE)
    page = await (await service(context, parameters(model, {**given, "limit": size}))).page()
    items, following = list(page.items), page.next
    while following is not None and (wanted is None or len(items) < wanted):
        size = _LARGEST_PAGE if wanted is None else min(wanted - len(items), _LARGEST_PAGE)
        more = await (await service(context, parameters(model, {**given, "limit": size, "cursor": following}))).page()
        items += more.items
        following = more.next
    return replace(page, items=items)


async def _is_loaded(context: ServiceContext, dataset: Dataset) -> bool:
    versions = (await context.version()).versions
    return any(versions.get(name, 0) > 0 for name in dataset.made_of or (dataset.name,))


def _count(page: Page) -> None:
    if len(page.items) < page.total:
        note(f"{len(page.items):,} of {page.total:,} rows (use --all to show all).")
    else:
        note(f"{page.total:,} row{'' if page.total == 1 else 's'}.")


def _remark(page: Page, dataset: Dataset, *, loaded: bool) -> None:
    if not loaded:
        note(_not_loaded(dataset))
    elif page.synthetic:
        note(_SYNTHETIC)


def _not_loaded(dataset: Dataset) -> str:
    """Return the hint with the command that loads the data set."""
    if dataset.expected or dataset.made_of:
        return "No data has been loaded yet. Load it: dq etl run"
    released = "" if dataset.release_path is not None else " --from DIR"
    return f"No {dataset.title} have been loaded yet. Load them: dq etl run --dataset {dataset.name}{released}"
