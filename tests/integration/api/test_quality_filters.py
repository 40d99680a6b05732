"""A rule or field that does not exist is an error, not an empty list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.api.conftest import Api


@pytest.mark.parametrize("path", ["issues", "findings", "decisions"])
def test_an_unknown_rule_or_field_has_the_nearest(league_api: Api, path: str) -> None:
    for name, wrong, right in (("rule", "repeated_rows", "repeated_row"), ("field", "fourty", "forty")):
        refused = league_api.v1(f"quality/{path}", **{name: wrong})
        assert refused.status_code == 422, refused.text
        assert f"Unknown {name} '{wrong}'. Did you mean \"{right}\"? Choose from " in refused.json()["errors"][0]["message"]
        assert league_api.v1(f"quality/{path}", **{name: right}).status_code == 200
    assert league_api.v1(f"quality/{path}", dataset="combin").status_code == 422


def test_a_recorded_rule_needs_no_declaration(league_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = {issue["rule"] for issue in league_api.items("quality/issues", limit=1000)}
    monkeypatch.setattr("app.quality.service.RULES", ())
    for rule in recorded:
        assert league_api.v1("quality/issues", limit=1, rule=rule).json()["total"] > 0, rule
    assert recorded


def test_changes_of_an_unknown_field_have_the_nearest(league_api: Api) -> None:
    refused = league_api.v1("changes", field="gamse")
    assert refused.status_code == 422
    assert 'Did you mean "games"?' in refused.json()["errors"][0]["message"]
