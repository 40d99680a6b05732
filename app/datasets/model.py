"""How a data set and its fields are declared.

Pure data: nothing here imports anything else of the product, so that every part of it can derive what it needs from one declaration.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

#: How a field is stored; everywhere else ``smallint`` reads as a whole number.
FieldType = Literal["integer", "smallint", "number", "boolean", "text", "date"]
#: What a file may hold in a cell of the field.
CellKind = Literal["integer", "number", "boolean", "text", "date"]
Example = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Loss:
    """The shares of its values that a field may lose compared with the previous load, where rows themselves are not lost.

    ``warns`` and ``fails`` are about all rows, ``part_warns`` and ``part_fails`` about the rows of one season and position group. Fewer
    lost values than ``least`` never fail, and fewer than ``part_least`` in a part never warn: a correction may take one away.
    """

    warns: float = 0.005
    fails: float = 0.02
    part_warns: float = 0.1
    part_fails: float = 0.25
    least: int = 10
    part_least: int = 3


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a data set, in whichever place it appears.

    ``low`` and ``high`` bound what is plausible, inclusive, in the field's own ``unit``. ``required_by`` names what cannot do without the
    field: a row of a file that lacks it is left out, and the API never shows null. A ``stable`` field rarely changes once it is written; a
    load that changes more than a quarter of its values is held for review; ``loss`` says how many may vanish. ``label`` is what pages call
    it, under the heading ``section`` of a player card, where fields of a lower ``place`` come first. ``origin`` says where a field comes
    from that the table does not hold: ``position.leaf`` is a column of a joined reference table, a plain name is another field of the same
    data set.
    """

    name: str
    type: FieldType
    description: str
    unit: str | None = None
    low: float | None = None
    high: float | None = None
    example: Example = None
    label: str | None = None
    section: str | None = None
    place: int = 0
    required_by: str | None = None
    stable: bool = False
    loss: Loss = Loss()
    origin: str | None = None

    @property
    def kind(self) -> CellKind:
        """What a cell of the field holds."""
        return "integer" if self.type == "smallint" else self.type

    @property
    def required(self) -> bool:
        """Whether the field is never null."""
        return self.required_by is not None

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The plausible range, open where an end is None."""
        return self.low, self.high


@dataclass(frozen=True, slots=True)
class People:
    """Where a data set keeps what makes a person: name, raw position, and the fields of the ids as (id type, field)."""

    name: str
    position: str
    ids: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Gates:
    """The counts that any complete copy of a file has. They hold for the real files, not for a synthetic league.

    They are counts of a season where the data set has seasons, so that a release of any year passes; the newest season may have begun only
    a moment ago. ``max_rows_per_season`` is far above anything seen: more means that rows were doubled upstream. ``shrink_warns`` and
    ``shrink_fails`` are the shares of rows (of a season, where the data set has seasons) that may be missing compared with the previous
    load; ``growth_fails`` is the share by which a season that is not the newest may grow. ``telling`` are a few fields that together hardly
    ever repeat: exact repetitions are looked for only among rows that agree in them. A ``contiguous`` data set has rows of every season
    between its first and its last, in a synthetic league too.
    """

    telling: tuple[str, ...]
    min_rows: int = 1
    shrink_warns: float = 0.0
    shrink_fails: float = 0.0
    growth_fails: float = 0.05
    first_season: int | None = None
    last_season_at_least: int | None = None
    min_rows_per_season: int = 1
    max_rows_per_season: int | None = None
    contiguous: bool = False


FilterType = Literal[
    "season",
    "day",
    "count",
    "identifier",
    "measure",
    "amount",
    "text",
    "exact",
    "choice",
    "flag",
    "franchise",
    "college",
    "position",
    "group",
    "side",
    "search",
    "name",
]


@dataclass(frozen=True, slots=True)
class Filter:
    """A parameter of a list. ``…_min`` and ``…_max`` are the ends of a range; a ``text`` is compared in capitals, an ``exact`` one as is.

    ``field`` is the column it is about, when the parameter's name (without its end of a range) is not. ``year_from`` names the parameters,
    the first given one of which decides what a team code meant. ``choices`` are all values of a ``choice``.
    """

    name: str
    type: FilterType
    description: str
    example: Example = None
    field: str | None = None
    year_from: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()

    @property
    def about(self) -> str:
        """The column that is compared."""
        return self.field or self.name.removesuffix("_min").removesuffix("_max")


@dataclass(frozen=True)
class Dataset:
    """Everything that is declared about one data set.

    ``fields`` are the columns of the file in its order, ``computed`` those that a load adds to them, ``joined`` those that lists and
    exports take from reference tables. ``key`` makes a row of the table unique. ``season`` is the field that dates a row, if any;
    ``people`` says how its persons are found, if it has persons. ``release_path`` is the file's place in the public release, without its
    ending; ``expected`` data sets are part of every source, the others are loaded from the sources that have them. One that is
    ``made_of`` others is joined from their rows when it is read, and neither loaded nor stored; one that ``shows`` others is stored, and
    its list shows something of their rows. ``only_today`` says why ``as_of`` is refused, for one whose past is not kept, and what has a
    past instead.
    """

    name: str
    title: str
    rows: str
    about: str
    table: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    gates: Gates
    source: str
    licence: str
    file_stem: str
    release_path: str | None = None
    season: str | None = None
    people: People | None = None
    computed: tuple[Field, ...] = ()
    joined: tuple[Field, ...] = ()
    filters: tuple[Filter, ...] = ()
    sort: tuple[str, ...] = ()
    page_fields: tuple[str, ...] = ()
    command_fields: tuple[str, ...] = ()
    expected: bool = False
    made_of: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()
    only_today: str = ""

    @property
    def reads(self) -> tuple[str, ...]:
        """The data sets whose rows make up the list."""
        return self.made_of or (self.name, *self.shows)

    @cached_property
    def field_names(self) -> tuple[str, ...]:
        """The file's columns in their order."""
        return tuple(field.name for field in self.fields)

    @cached_property
    def needed(self) -> tuple[str, ...]:
        """The file's columns that something uses: keys, people, gates, filters, pages and commands. A file may lack the others."""
        used = {*self.key, *self.gates.telling, *self.page_fields, *self.command_fields, *(each.about for each in self.filters)}
        if self.people is not None:
            used |= {self.people.name, self.people.position, *(name for _, name in self.people.ids)}
        return tuple(each.name for each in self.fields if each.required or each.stable or each.section or each.name in used)

    @cached_property
    def stored(self) -> tuple[Field, ...]:
        """The columns of the table, without the number of the load that wrote the row."""
        return (*self.fields, *self.computed)

    @cached_property
    def listed(self) -> dict[str, Field]:
        """What lists show, in their order: everything but the keys of reference tables, which the joined fields spell out."""
        return {field.name: field for field in (*self.stored, *self.joined) if not field.name.endswith(REFERENCE_KEYS)}

    @cached_property
    def stable(self) -> tuple[str, ...]:
        """The fields that rarely change."""
        return tuple(field.name for field in self.fields if field.stable)

    @cached_property
    def sections(self) -> dict[str, tuple[Field, ...]]:
        """The fields of a player card under their headings."""
        shown = sorted((field for field in self.fields if field.section), key=lambda field: field.place)
        headings = dict.fromkeys(field.section for field in self.fields if field.section)
        return {heading: tuple(field for field in shown if field.section == heading) for heading in headings}

    @property
    def persons(self) -> People:
        """Where the persons are, for the code that handles nothing but data sets with persons."""
        if self.people is None:
            raise TypeError(f"the data set {self.name} has no persons")
        return self.people

    @property
    def path(self) -> str:
        """The data set in a URL."""
        return self.name.replace("_", "-")


#: Keys of the reference tables: stored with every row, and spelled out for readers.
REFERENCE_KEYS = ("franchise_id", "college_id")
