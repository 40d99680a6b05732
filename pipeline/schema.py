"""How the declared fields of a data set are held in a data frame."""

import hashlib

import polars as pl

from app.datasets.model import CellKind, Dataset, Field

POLARS_TYPES: dict[CellKind, type[pl.DataType]] = {
    "integer": pl.Int32,
    "number": pl.Float64,
    "text": pl.String,
    "boolean": pl.Boolean,
    "date": pl.Date,
}


def polars_type(field: Field) -> type[pl.DataType]:
    """Return the polars type that holds the field's values."""
    return POLARS_TYPES[field.kind]


def columns_checksum(dataset: Dataset) -> str:
    """Return the sha256 of what the code makes of a file: it changes when a field is added, removed or declared differently."""
    read = [(field.name, field.kind, field.required, field.low, field.high) for field in dataset.fields]
    return hashlib.sha256(repr((read, [field.name for field in dataset.computed], tuple(dataset.listed))).encode()).hexdigest()
