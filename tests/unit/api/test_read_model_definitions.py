"""The numbers of the definitions of read models."""

from __future__ import annotations

import hashlib

from app.athletics.scores import FILL as SCORES
from app.datasets.read_models import READ_MODELS
from app.prospects.queries import FILL as PROSPECTS
from app.value.lists import FILL as STRENGTH

FILLS = {"prospect_row": PROSPECTS, "entry_score": SCORES, "class_strength": STRENGTH}
KNOWN = {
    "prospect_row": (3, "6efa7f6a66abca4340a5bb9fae842954"),
    "entry_score": (1, "8500dcc41e0a163378d1c723080bef8c"),
    "class_strength": (1, "c8adc161a300ee697144fa0a82083751"),
}


def test_a_changed_definition_has_a_new_number() -> None:
    """After a change to a statement or one of its constants, raise ``definition`` in READ_MODELS and write both here."""
    found = {}
    for model, fill in FILLS.items():
        text = f"{' '.join(fill.sql.split())} {fill.arguments({})}"
        found[model] = (READ_MODELS[model].definition, hashlib.md5(text.encode(), usedforsecurity=False).hexdigest())
    assert found == KNOWN
    assert READ_MODELS.keys() == FILLS.keys()
