"""The list of trades, and one trade."""
