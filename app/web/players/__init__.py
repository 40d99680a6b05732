"""The card of a player."""
