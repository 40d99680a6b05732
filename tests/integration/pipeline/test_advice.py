"""A refused load names every flag that the next attempt needs."""

from __future__ import annotations

import polars as pl

from tests.integration.pipeline.conftest import Loader, Writer


def test_a_really_old_file_needs_two_flags_and_the_message_names_both(
    load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]
) -> None:
    picks = made_up["draft_picks"]
    old = folder("old", draft_picks=picks.filter(pl.col("season") < pl.col("season").max()).with_columns(age=pl.col("age") + 1))
    attempt = {"datasets": ("draft_picks",)}
    load(folder(), **attempt)
    for flags, advice in (({}, "load it with --older."), ({"older": True}, "load it with --older --replace.")):
        refused = load(old, **attempt, **flags)["draft_picks"]
        assert str(refused.error).endswith(advice)
        assert load.value("select message from quality_issue where run_id = $1 and severity = 'error'", refused.run_id) == refused.error
    assert load(old, **attempt, older=True, replace=True)["draft_picks"].state == "loaded"
