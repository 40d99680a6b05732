"""Database access: models, engine, reads."""
