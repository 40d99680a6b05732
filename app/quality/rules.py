"""The rules that loads check: what a finding can be about."""

from app.datasets.combine import DRILLS

#: A test compares them with the rules that the pipeline reports.
RULES = (
    *("colleges_unknown", "control_character", "dead_column", "decided_record_missing", "encoding_repaired", "field_thinned"),
    *("file_passed_over", "implausible_value", "league_replaced", "missing_column", "nameless_column", "not_exported", "not_refreshed"),
    *("not_tidied", "older_release", "part_thinned", "part_zeroed", "repeated_row", "required_missing", "rows_fewer", "season_missing"),
    *("season_shrank", "season_unfinished", "selection_not_recognised", "taken_back", "unknown_college", "unknown_column"),
    *("unknown_position", "unreadable_height", "wrong_type"),
    *(f"outlier_{drill}" for drill in DRILLS),
    # why a load was refused
    *("LoadHeld", "QualityGateFailed", "Refused", "SourceInvalid", "SourceUnavailable"),
)
