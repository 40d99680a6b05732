"""Draft selections: list, filters and streams."""
