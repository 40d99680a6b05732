"""How the keeper of the embedded PostgreSQL is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import CHECKOUT
from tools import embedded
from tools.embedded_keeper import Plan


def test_a_checkout_may_have_a_colon_in_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout = tmp_path / "a:b"
    checkout.symlink_to(CHECKOUT)
    monkeypatch.setattr(embedded, "__file__", str(checkout / "tools" / "embedded.py"))
    plan = Plan("", str(tmp_path), str(tmp_path), None, {})
    plan.cluster.mkdir()
    (plan.cluster / "left").touch()
    assert embedded._run_keeper(plan) == f"error {plan.cluster} is not a complete database cluster: move the folder away, then start again."
