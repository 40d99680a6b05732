"""Percentiles, the Athletic Score and comparables: what a person measured at the combine, against others of the same position."""
