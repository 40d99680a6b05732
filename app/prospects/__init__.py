"""Prospects: what the combine, the draft and a career say of a person, in one list."""
