"""Combine entries: list, filters and streams."""
