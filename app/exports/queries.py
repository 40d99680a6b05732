"""Exports are files: the only thing asked of the database is the version being served, which the context knows."""
