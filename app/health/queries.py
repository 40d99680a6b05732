"""What readiness asks the database."""

from sqlalchemy import literal, select

from app.db.statements import compile_statement

PING = compile_statement(select(literal(1).label("alive")))
