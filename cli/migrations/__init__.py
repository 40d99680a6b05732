"""Migrations from code: apply them, report what is pending, and refuse what the running release could not tolerate."""
