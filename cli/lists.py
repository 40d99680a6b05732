"""The two commands that list rows, ``dq picks list`` and ``dq combine list``: read pages from a service and print them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import click

from app.request_errors import InvalidParameter
from cli.filters import option_name, parameters
from cli.output import note, number_columns, print_json_lines, print_table
from cli.session import ask

if TYPE_CHECKING:
    from app.context import ServiceContext
    from app.listing.page import Page
    from app.listing.parameters import PageParameters
    from app.listing.query import ListQuery

P = TypeVar("P", bound="PageParameters")

_LARGEST_PAGE = 1_000


def show_list(
    model: type[P],
    service: Callable[[ServiceContext, P], Awaitable[ListQuery]],
    given: dict[str, object],
    columns: Sequence[str],
    *,
    of_data: bool = True,
) -> None:
    """Print what ``service`` answers; ``columns`` are those of the table when no ``--fields`` were asked for.

    ``of_data``: the rows are players' data, which may be made up or not loaded yet, and people should know.
    """
    as_json, limit = bool(given.pop("as_json")), given.pop("limit")
    wanted = None if given.pop("all_rows") else int(str(limit))
    asked_for = given.get("fields")
    if asked_for is None and not as_json:
        given["fields"] = ",".join(columns)
    parameters(model, given)  # before a server is started for a question that cannot be asked
    try:
        page = ask(lambda context: read_rows(context, model, service, given, wanted))
    except InvalidParameter as error:
        raise click.UsageError(f"{option_name(error.parameter)}: {error.message}") from None
    if as_json:
        print_json_lines(page.items)
        return
    headings = list(page.items[0]) if page.items else []
    if page.items:
        print_table(page.items, headings, numbers=number_columns(page.items, headings))
    _count(page)
    if of_data:
        _remark(page)


async def read_rows(
    context: ServiceContext,
    model: type[P],
    service: Callable[[ServiceContext, P], Awaitable[ListQuery]],
    given: dict[str, object],
    wanted: int | None,
) -> Page:
    """Follows the cursors until there are as many rows as wanted (None: all), and returns them as one page."""
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


def _count(page: Page) -> None:
    if len(page.items) < page.total:
        note(f"{len(page.items):,} of {page.total:,} rows (use --all to show all).")
    else:
        note(f"{page.total:,} row{'' if page.total == 1 else 's'}.")


def _remark(page: Page) -> None:
    if page.synthetic:
        note("Synthetic league: made-up names and numbers. Real data: dq etl run")
    elif page.dataset_version == "0.0":
        note("No data has been loaded yet. Load it: dq etl run")
