"""The declarations of the data sets are consistent, and what is derived from them follows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from app.datasets import DATASETS, EXPECTED, attribution, kept_current, listed
from app.datasets.model import Dataset
from app.db.models import facts
from app.http.openapi import DESCRIPTION
from app.listing.derived import field_infos, parameter_model
from app.listing.parameters import DatasetName, LoadSource
from app.listing.schemas import item_model
from pipeline.sources.hooks import source_of

CHECKOUT = Path(__file__).resolve().parents[2]
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
        assert {"person_id", "college_id"} <= set(stored), "a load adds them to rows of people, and lists read them"
        assert source_of(dataset.name).hooks.people is not None, "nothing finds its people"
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


def test_bounds_of_a_measurement_are_a_minimum_and_a_maximum() -> None:
    bounds = [each for dataset in DATASETS.values() for each in dataset.filters if each.type == "measure"]
    assert bounds
    for each in bounds:
        word = "Minimum" if each.name.endswith("_min") else "Maximum"
        assert each.description.startswith(f"{word} "), each.name


def test_literals_name_every_data_set() -> None:
    assert get_args(DatasetName) == tuple(DATASETS)
    assert get_args(LoadSource) == (*DATASETS, "sample")
    assert set(EXPECTED) <= set(DATASETS)
    assert listed().replace(" or ", ", ").split(", ") == list(DATASETS)


def test_the_release_keeps_current_what_was_loaded_once() -> None:
    assert kept_current(()) == EXPECTED
    assert kept_current({"draft_picks", "trades", "pick_values"}) == (*EXPECTED, "trades"), "pick values are not released"


def test_every_source_and_licence_is_named_once() -> None:
    named = attribution().split(", ")
    assert len(set(named)) == len(named)
    for dataset in DATASETS.values():
        assert {*dataset.source.split(", "), dataset.licence} <= set(named)
    assert named[:2] == ["nflverse", "Pro-Football-Reference"]
    assert attribution() in DESCRIPTION


def test_the_reference_has_the_unit_of_every_measurement() -> None:
    properties = item_model("Measured", field_infos(DATASETS["combine"])).model_json_schema()["properties"]
    units = {name: field["x-unit"] for name, field in properties.items() if "x-unit" in field}
    assert units == {
        "wt": "lb",
        "forty": "s",
        "bench": "reps",
        "vertical": "in",
        "broad_jump": "in",
        "cone": "s",
        "shuttle": "s",
        "height_in": "in",
    }


def test_an_ordinary_field_is_named_in_its_declaration_alone() -> None:
    """The synthetic league makes up values for it; nothing else knows it by name."""
    sections = DATASETS["draft_picks"].sections
    ordinary = [field.name for heading in ("Passing", "Rushing", "Receiving", "Defense") for field in sections[heading]]
    assert len(ordinary) > 10
    files = [path for folder in ("app", "pipeline", "cli") for path in (CHECKOUT / folder).rglob("*") if path.suffix in {".py", ".html"}]
    for name in ordinary:
        word = re.compile(rf"\b{name}\b")
        naming = {str(path.relative_to(CHECKOUT)) for path in files if word.search(path.read_text())}
        assert {file for file in naming if "sample" not in file} == {"app/datasets/draft_picks.py"}, name
