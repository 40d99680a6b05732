"""Database access: table definitions, connection pool, the embedded server."""
