"""The search for players by name."""
