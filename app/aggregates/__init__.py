"""Counts, means, quantiles and shares of the rows of a list by group."""
