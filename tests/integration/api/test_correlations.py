"""Correlations by group, compared with polars on the rows of the list."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import polars as pl
import pytest

if TYPE_CHECKING:
    from tests.integration.api.conftest import Api

#: From cells, from cells that a median separates by value, and from rows.
WAYS = ("", ",median:forty,mean:wt", ",median:forty,median:wt")


@pytest.mark.parametrize(("group", "column"), [("position", "position_leaf"), ("college", "college_slug"), ("season", "season")])
def test_correlations_by_group_equal_polars(league_api: Api, group: str, column: str) -> None:
    content = league_api.v1("prospects", format="csv", fields=f"{column},forty,wt").content
    known = pl.read_csv(BytesIO(content), infer_schema_length=None)
    both = known.drop_nulls(["forty", "wt"]).group_by(column)
    correlated = both.agg(pl.len(), pl.col("forty", "wt").n_unique().name.suffix("_n"), r=pl.corr("forty", "wt"))
    of_group = {row[column]: row for row in correlated.iter_rows(named=True)}
    for way in WAYS:
        items = league_api.items("aggregate/prospects", group_by=group, measures=f"corr:forty:wt,pairs:forty:wt{way}", limit=1000)
        assert {item[group] for item in items} == set(known[column])
        compared = 0
        for item in items:
            wanted = of_group.get(item[group])
            assert item["pairs_forty_wt"] == (wanted["len"] if wanted else 0)
            if wanted is None or min(wanted["forty_n"], wanted["wt_n"]) == 1:
                assert item["corr_forty_wt"] is None
            else:
                assert item["corr_forty_wt"] == pytest.approx(wanted["r"], abs=5.1e-5)
                compared += 1
        assert compared > 5


def test_a_constant_field_has_no_correlation(league_api: Api) -> None:
    """The sum of equal numbers is not always a multiple of them."""
    content = league_api.v1("prospects", format="csv", fields="forty").content
    counted = pl.read_csv(BytesIO(content)).drop_nulls()["forty"].value_counts()
    for forty in counted.sort("count", descending=True)["forty"].head(5):
        for way in WAYS:
            measures = f"corr:forty:wt,pairs:forty:wt{way}"
            [found] = league_api.items("aggregate/prospects", forty_min=forty, forty_max=forty, measures=measures)
            assert int(str(found["pairs_forty_wt"])) > 20
            assert found["corr_forty_wt"] is None, (forty, way)
