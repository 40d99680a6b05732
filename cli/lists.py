"""The commands that list rows, such as ``dq picks list``: read pages from a service and print them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import click

from cli.filters import ListCommand, parameters
from cli.hints import why_empty
from cli.output import note, number_columns, print_json_lines, print_table, shown
from cli.session import ask

if TYPE_CHECKING:
    from pydantic import BaseModel

    from app.context import ServiceContext
    from app.datasets.model import Dataset
    from app.listing.model import Row
    from app.listing.parameters import ListParameters, PageParameters, TableParameters
    from app.listing.query import ListQuery, Page
    from app.listing.table import TableQuery

P = TypeVar("P", bound="PageParameters")
T = TypeVar("T", bound="TableParameters")
#: The parameters of a list and the service that reads it, or of a computed table.
Service: TypeAlias = "Callable[[ServiceContext, P], Awaitable[ListQuery]]"
Listed: TypeAlias = "tuple[type[P], Service[P]]"
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

    return rows_command(name, lambda: _listed(dataset), dataset.command_fields or tuple(dataset.listed), help_text, dataset)


def _listed(dataset: Dataset) -> Listed[ListParameters]:
    from app.listing.derived import parameter_model
    from app.listing.query import query_list
    from app.records.queries import LISTINGS

    async def query(context: ServiceContext, parameters: ListParameters) -> ListQuery:
        return await query_list(context, dataset, LISTINGS[dataset.name], parameters)

    return parameter_model(dataset), query


def rows_command(
    name: str, load: Callable[[], Listed[P]], columns: Sequence[str], help_text: str, dataset: Dataset | None = None
) -> ListCommand:
    """Build the command that lists what a service returns; ``load`` returns its parameters and the service when the command is called."""

    async def read(
        context: ServiceContext, model: type[P], service: Service[P], given: dict[str, object], wanted: int | None
    ) -> tuple[Page, str | None]:
        page = await read_rows(context, model, service, given, wanted)
        if dataset is None or page.total:
            return page, None
        return page, await _why_empty(context, dataset, parameters(model, given), (model, service))

    def show(**given: object) -> None:
        model, service = load()
        as_json, limit = bool(given.pop("as_json")), given.pop("limit")
        wanted = None if given.pop("all_rows") else int(str(limit))
        if given.get("fields") is None and not as_json:
            given["fields"] = ",".join(columns)
        parameters(model, given)  # refuse invalid options before a server is started
        page, hint = ask(lambda context: read(context, model, service, given, wanted))
        if as_json:
            print_json_lines(page.items)
        else:
            _print_rows(page.items)
            note(
                f"{len(page.items):,} of {page.total:,} rows (use --all to show all)."
                if len(page.items) < page.total
                else _rows(page.total)
            )
        if hint:
            note(hint)
        if dataset is not None and page.synthetic and not as_json:
            note(_SYNTHETIC)

    return ListCommand(name, lambda: load()[0], show, help_text)


async def _why_empty(context: ServiceContext, dataset: Dataset, checked: BaseModel, listed: Listed[P]) -> str | None:
    """Return the hint for a command that found nothing with these parameters; ``listed`` is the list that has the seasons."""
    if getattr(checked, "as_of", None) is not None:  # the hints are about today's rows
        return None

    async def first(sort: str, fields: str) -> Row | None:
        return next(iter((await read_rows(context, *listed, {"sort": sort, "fields": fields}, 1)).items), None)

    return await why_empty(context, dataset, checked, first)


def table_command(name: str, load: Callable[[], Computed[T]], help_text: str, dataset: Dataset | None = None) -> ListCommand:
    """Build the command that shows the whole table that a service returns, and what it says about it; ``load`` as in ``rows_command``.

    Of a table that counts rows of a ``dataset``, it also says why there are none.
    """

    async def read(
        context: ServiceContext, query: Awaitable[TableQuery], checked: T
    ) -> tuple[list[Row], int, dict[str, object], bool, str | None]:
        table = await query
        rows, total = await table.page()
        # without groups, the table of no rows is a row of zeros and nulls, which may have a note
        some = any(value for row in rows for value in row.values() if not isinstance(value, str))
        hint = None if dataset is None or some else await _why_empty(context, dataset, checked, _listed(dataset))
        return rows, total, dict(table.about), table.version.synthetic, hint

    def show(**given: object) -> None:
        model, service = load()
        as_json = bool(given.pop("as_json"))
        checked = parameters(model, given)
        rows, total, about, synthetic, hint = ask(lambda context: read(context, service(context, checked), checked))
        if hint:
            note(hint)
        if as_json:
            print_json_lines(rows)
            return
        _print_rows(rows)
        note(f"{len(rows):,} of {total:,} rows." if len(rows) < total else _rows(total))
        if said := about.pop("note", None):
            note(str(said))
        if about:
            note(", ".join(f"{name} {shown(value)}" for name, value in about.items()))
        if synthetic:
            note(_SYNTHETIC)

    return ListCommand(name, lambda: load()[0], show, help_text, paged=False)


async def read_rows(
    context: ServiceContext,
    model: type[P],
    service: Service[P],
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


def _print_rows(rows: Sequence[Row]) -> None:
    if rows:
        print_table(rows, list(rows[0]), numbers=number_columns(rows, list(rows[0])))


def _rows(number: int) -> str:
    return f"{number:,} row{'' if number == 1 else 's'}."
