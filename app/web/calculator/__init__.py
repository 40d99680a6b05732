"""The trade calculator."""
