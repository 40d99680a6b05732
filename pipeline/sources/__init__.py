"""One folder per source, with the same three files: schema.py (what it looks like), rules.py (what must hold), matching.py (who it is)."""
