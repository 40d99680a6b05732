"""What the list of exports looks like, and the parameters of a file."""

from __future__ import annotations

from pydantic import BaseModel, Field

from app.listing.parameters import AsOf
from app.parameters import Parameters


class ExportParameters(Parameters):
    """When."""

    as_of: AsOf = None


class ExportFile(BaseModel):
    """One file of a whole dataset."""

    dataset: str = Field(examples=["draft_picks"])
    format: str = Field(examples=["parquet"])
    href: str = Field(examples=["/api/v1/exports/draft_picks.parquet"])
    bytes: int = Field(examples=[702_000])
    version: int = Field(examples=[3])
    rows: int = Field(examples=[12927])
    current: bool = Field(
        description="Whether the file has the data being served. It is written after a load or a decision about people; if that fails, "
        "by the next load.",
        examples=[True],
    )


class ExportList(BaseModel):
    """Every file there is."""

    items: list[ExportFile]
    total: int = Field(examples=[4])
    dataset_version: str = Field(examples=["3.2"])
    synthetic: bool
