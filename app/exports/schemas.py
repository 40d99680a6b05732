"""What the list of exports looks like."""

from __future__ import annotations

import msgspec
from pydantic import BaseModel, Field


class ExportFile(msgspec.Struct, frozen=True):
    """One file of a whole dataset at the version being served."""

    dataset: str
    format: str
    href: str
    bytes: int
    version: int
    rows: int


class ExportList(msgspec.Struct, frozen=True):
    """Every file there is."""

    items: list[ExportFile]
    total: int
    dataset_version: str
    synthetic: bool


class ExportFileModel(BaseModel):
    """One file."""

    dataset: str = Field(examples=["draft_picks"])
    format: str = Field(examples=["parquet"])
    href: str = Field(examples=["/api/v1/exports/draft_picks.parquet"])
    bytes: int = Field(examples=[702_000])
    version: int = Field(examples=[3])
    rows: int = Field(examples=[12927])


class ExportListModel(BaseModel):
    """Every file there is."""

    items: list[ExportFileModel]
    total: int = Field(examples=[4])
    dataset_version: str = Field(examples=["3.2"])
    synthetic: bool
