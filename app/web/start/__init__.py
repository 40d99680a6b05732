"""The start page: where the data stand, and the latest class."""
