"""Completeness by column, and what loads found wrong."""
