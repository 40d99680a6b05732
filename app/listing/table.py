"""A table that a statement computes: what a service returns where the rows are not those of a list."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from app.context import ServiceContext
from app.context.dataset_state import DatasetVersion
from app.db.statements import Statement
from app.errors import InvalidParameter
from app.listing.model import Row
from app.listing.parameters import Format
from app.listing.select import TOTAL
from app.listing.stream import StreamedRows

#: A page of JSON is made in memory; the other formats are streamed.
MOST_ROWS = 5_000


class TableStatement(Protocol):
    """Makes the statement for a page (``form`` is None) or for a stream."""

    def __call__(self, form: Format | None, *, escape_formulas: bool) -> Statement:
        """Return the statement."""


@dataclass(frozen=True, slots=True)
class TableQuery:
    """A request for a table, checked and resolved: ``values`` are bound, ``name`` begins the name of a file.

    ``about`` is what is said about the table as a whole, ``parameter`` the one that makes too many rows. At most ``limit`` rows are read.
    ``at_most`` is the largest number of rows possible, where that is known beforehand: too many are refused without reading them.
    """

    context: ServiceContext
    name: str
    statement: TableStatement
    values: Mapping[str, object]
    version: DatasetVersion
    about: Mapping[str, object] = field(default_factory=dict)
    parameter: str = "format"
    limit: int | None = None
    at_most: int | None = None

    async def rows(self, most: int | None = None) -> list[Row]:
        """Read the rows; see ``page``."""
        return (await self.page(most))[0]

    async def page(self, most: int | None = None) -> tuple[list[Row], int]:
        """Read the rows, and count those that there would be without ``limit``.

        Raises:
            InvalidParameter: there are more than ``most``, or may be.
        """
        if most is not None and self.at_most is not None and self.at_most > most:
            words = f"Up to {self.at_most:,} rows are more than the {most:,} of a page"
            raise InvalidParameter(self.parameter, f"{words}; lower `{self.parameter}`, add a filter, or use format=csv.")
        statement = self.statement(None, escape_formulas=False)
        limits = [number for number in (self.limit, None if most is None else most + 1) if number is not None]
        records = await self.context.database.fetch(statement, {**self.values, "most": min(limits, default=None)})
        if most is not None and len(records) > most:
            raise InvalidParameter(self.parameter, f"More than {most:,} rows; add a filter or a limit, or use format=csv.")
        rows = [dict(record) for record in records]
        totals = [row.pop(TOTAL) for row in rows]
        return rows, totals[0] if totals else 0

    def stream(self, form: Format, *, escape_formulas: bool) -> StreamedRows:
        """Return the response that streams every row."""
        statement = self.statement(form, escape_formulas=escape_formulas)
        values = {**self.values, "most": self.limit}
        return StreamedRows(self.context.database, statement, values, form, self.version.file_name(f"{self.name}.{form}"))
