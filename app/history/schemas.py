"""Parameters of a person's history, and the shapes of history and provenance."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from app.history.queries import OF_PEOPLE
from app.listing.model import Scalar
from app.listing.parameters import FilterText, Several, with_underscores
from app.parameters import Parameters

if TYPE_CHECKING:
    PeopleDatasetName = str
else:  # mypy cannot read a literal type that is made from the declarations
    PeopleDatasetName = Literal[tuple(OF_PEOPLE)]
PeopleDataset = Annotated[PeopleDatasetName, BeforeValidator(with_underscores)]


class ProvenanceParameters(Parameters):
    """Which records."""

    dataset: Several[PeopleDataset] | None = Field(default=None, description="Only records of these data sets.", examples=["draft_picks"])
    field: Several[FilterText] | None = Field(default=None, description="Only these columns.", examples=["games"])


class HistoryParameters(ProvenanceParameters):
    """Which records and fields."""

    changed: bool = Field(default=False, description="Only fields that have had more than one value.")


class Span(BaseModel):
    """A value, and between which loads it was served."""

    value: Scalar = Field(examples=[69])
    from_run: int = Field(description="The load that brought the value, or the earliest one on record.", examples=[1])
    from_time: datetime | None = Field(description="When that load ended.")
    until_run: int | None = Field(description="The load that changed or removed it; null: it is served today.", examples=[6])
    until_time: datetime | None = Field(description="When that load ended.")


class FieldHistory(BaseModel):
    """The values of one column, oldest first."""

    field: str = Field(examples=["games"])
    values: list[Span]


class RecordHistory(BaseModel):
    """One row of a data set."""

    dataset: str = Field(examples=["draft_picks"])
    key: str = Field(description="The key of the row, its parts separated by slashes.", examples=["2020/1"])
    removed: bool = Field(description="The row is not in the data any more.")
    fields: list[FieldHistory]


class PersonHistory(BaseModel):
    """Every value that a person's records have had; a record that was another person's for a time shows that in ``person_id``."""

    person_id: int
    name: str | None = Field(description="Null when no record names the person any more.", examples=["Joe Burrow"])
    records: list[RecordHistory]
    dataset_version: str


class Load(BaseModel):
    """A load, and the file that it read."""

    run_id: int = Field(examples=[1])
    dataset: str = Field(examples=["draft_picks"])
    source: str = Field(description="Who publishes the data.", examples=["nflverse, Pro-Football-Reference"])
    licence: str = Field(examples=["CC-BY-4.0"])
    location: str | None = Field(description="The file's path or URL.")
    file_format: str | None = Field(examples=["parquet"])
    checksum: str | None = Field(description="SHA-256 of the file.")
    published_at: datetime | None = Field(description="When upstream published the file, as far as it says so.")
    started_at: datetime
    finished_at: datetime | None
    synthetic: bool = Field(description="Made-up data.")


class Origin(BaseModel):
    """The fields whose present values a load has brought."""

    run_id: int = Field(examples=[1])
    fields: list[str] = Field(examples=[["games", "w_av"]])


class RecordProvenance(BaseModel):
    """Where the values of one row come from."""

    dataset: str = Field(examples=["draft_picks"])
    key: str = Field(description="The key of the row, its parts separated by slashes.", examples=["2020/1"])
    origins: list[Origin] = Field(description="By load, the earliest first; fields without a value are left out.")


class PersonProvenance(BaseModel):
    """Where everything that is known of a person comes from."""

    person_id: int
    name: str = Field(examples=["Joe Burrow"])
    records: list[RecordProvenance]
    loads: list[Load] = Field(description="The loads named in `records`.")
    dataset_version: str
