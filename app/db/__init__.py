"""Database access: models, connection pool, the embedded server."""
