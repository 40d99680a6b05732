"""The steps of a load, in order: extract, decode, check_schema, validate, normalise, match, stage, merge, refresh, export."""
