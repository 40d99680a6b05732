"""Trades in full: what each side gave, what it was worth by every chart, and what the picks became."""
