"""People: search, and everything about one person."""
