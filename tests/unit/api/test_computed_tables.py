"""Statements of lists that compute something, and of tables: what is joined for a count, what is escaped, what is compiled once."""

from __future__ import annotations

from functools import partial

from app.aggregates.queries import parse_groups, parse_measures
from app.aggregates.statements import aggregate_statement
from app.athletics.scores import SCORES
from app.draft_picks.queries import LISTING
from app.listing.select import count_statement


def test_scores_are_counted_without_what_is_computed_for_them() -> None:
    assert "drill_distribution" not in count_statement(SCORES, frozenset({"season", "forty_max"})).sql
    assert "drill_distribution" in count_statement(SCORES, frozenset({"athletic_score_min"})).sql


def test_an_aggregate_is_compiled_once_per_shape_and_escapes_text_on_request() -> None:
    groups, measures = parse_groups("college,season", LISTING), parse_measures("mean:w_av", LISTING)
    statement = partial(aggregate_statement, LISTING, groups, measures, frozenset({"round"}), ())
    assert statement(None, escape_formulas=False) is statement(None, escape_formulas=False)
    assert "'^[=+" not in statement("csv", escape_formulas=False).sql
    escaped = statement("csv", escape_formulas=True).sql
    assert escaped.count("'^[=+") == 1, "the college, and none of the numbers"
    assert "'^[=+" not in statement("ndjson", escape_formulas=True).sql


def test_rows_are_counted_before_names_are_joined_and_not_sorted_for_a_median_or_a_name() -> None:
    groups, measures = parse_groups("position", LISTING), parse_measures("count,median:w_av,mean:games,who_max:w_av", LISTING)
    sql = aggregate_statement(LISTING, groups, measures, frozenset(), (), None, escape_formulas=False).sql
    assert "percentile_cont" not in sql
    assert sql.index("GROUP BY draft_pick.position") < sql.index("JOIN position")
