"""The definitions of read models, which decide whether a release reads what another one has filled."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

import pytest

from app.aggregates.stored import COUNTS, SUMS
from app.athletics.scores import FILL as SCORES
from app.datasets.read_models import READ_MODELS
from app.prospects.queries import FILL as PROSPECTS
from app.value.lists import FILL as STRENGTH

FILLS = {"prospect_row": PROSPECTS, "value_count": COUNTS, "group_sum": SUMS, "entry_score": SCORES, "class_strength": STRENGTH}
KNOWN = {
    "prospect_row": (3, "eea4c8b78416bcd4154b726cd42d151b"),
    "value_count": (2, "8f8fd40d242a4915d4fde88ed200155d"),
    "group_sum": (1, "4790897604df64ce2c04cb09294bab9f"),
    "entry_score": (1, "8500dcc41e0a163378d1c723080bef8c"),
    "class_strength": (1, "c8adc161a300ee697144fa0a82083751"),
}


def without(copied: tuple[str, ...], text: str) -> str:
    """The statement without the fields that it only copies."""
    names = "|".join(f'"?{name}"?' for name in copied)
    return re.sub(rf", (?:\w+\.|CAST\(NULL AS \w+\) AS )?({names})(?: AS \1)?(?=,| FROM|\))", "", text) if copied else text


def test_a_changed_definition_has_a_new_number() -> None:
    """After a change to a statement or one of its constants, raise ``formulas`` in READ_MODELS and write both here."""
    found = {}
    for model, fill in FILLS.items():
        text = without(READ_MODELS[model].copies, f"{' '.join(fill.sql.split())} {fill.arguments({})}")
        found[model] = (READ_MODELS[model].formulas, hashlib.md5(text.encode(), usedforsecurity=False).hexdigest())
    assert found == KNOWN
    assert READ_MODELS.keys() == FILLS.keys()


def test_a_new_field_is_another_definition() -> None:
    model = READ_MODELS["prospect_row"]
    numbers = {model.definition, replace(model, copies=(*model.copies, "agent")).definition, replace(model, formulas=99).definition}
    assert len(numbers) == 3
    assert max(numbers) < 2**31


@pytest.mark.parametrize("model", ["value_count", "group_sum"])
def test_what_is_made_of_prospects_follows_their_definition(model: str) -> None:
    assert str(READ_MODELS["prospect_row"].definition) in READ_MODELS[model].copies


def test_formulas_alone_keep_their_number() -> None:
    """The previous release recorded it so; another number would make these read models slow until the next load."""
    assert {name: model.definition for name, model in READ_MODELS.items() if not model.copies} == {
        "entry_score": 1,
        "class_strength": 1,
    }
