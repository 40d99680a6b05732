"""The declarations of the data sets are consistent, and what is derived from them follows."""

from __future__ import annotations

from typing import get_args

import pytest

from app.datasets import DATASETS, EXPECTED, listed
from app.datasets.model import Dataset
from app.db.tables import facts
from app.listing.derived import field_infos, parameter_model
from app.listing.parameters import DatasetName, LoadSource

EVERY = pytest.mark.parametrize("dataset", DATASETS.values(), ids=list(DATASETS))


@EVERY
def test_what_a_declaration_names_is_declared(dataset: Dataset) -> None:
    stored = {field.name: field for field in dataset.stored}
    assert len(stored) == len(dataset.stored), "a field is declared twice"
    assert all(stored[name].required for name in dataset.key), "a key is never null"
    assert set(dataset.page_fields) <= set(dataset.listed)
    assert set(dataset.command_fields) <= set(dataset.listed)
    assert set(dataset.gates.telling) <= set(dataset.field_names)
    if dataset.season is not None:
        assert stored[dataset.season].type == "integer"
    if dataset.people is not None:
        assert {dataset.people.name, dataset.people.position, *(field for _, field in dataset.people.ids)} <= set(stored)
    for field in (*dataset.stored, *dataset.joined):
        assert field.description, field.name
        assert field.low is None or field.high is None or field.low < field.high, field.name
    for field in dataset.joined:
        assert "." in str(field.origin) or field.origin in stored, field.name


@EVERY
def test_the_table_has_the_declared_columns(dataset: Dataset) -> None:
    table = facts[dataset.name]
    assert table.name == dataset.table
    assert [column.name for column in table.columns] == [*(field.name for field in dataset.stored), "run_id"]
    assert {column.name for column in table.columns if not column.nullable} == {
        "run_id",
        *(field.name for field in dataset.stored if field.required),
    }
    assert tuple(table.primary_key.columns.keys()) == dataset.key


@EVERY
def test_the_list_has_a_parameter_for_every_filter(dataset: Dataset) -> None:
    parameters = parameter_model(dataset).model_fields
    assert {each.name for each in dataset.filters} <= set(parameters)
    for each in dataset.filters:
        assert parameters[each.name].description == each.description
    assert list(field_infos(dataset)) == list(dataset.listed)


def test_literals_name_every_data_set() -> None:
    assert get_args(DatasetName) == tuple(DATASETS)
    assert get_args(LoadSource) == (*DATASETS, "sample")
    assert set(EXPECTED) <= set(DATASETS)
    assert listed().replace(" or ", ", ").split(", ") == list(DATASETS)
