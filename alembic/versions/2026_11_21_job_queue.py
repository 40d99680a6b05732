"""The tables of the job queue (PgQueuer), which belong to that library: it writes them and it drops them.

Revision ID: 2026_11_21_job_queue
Revises: 2026_11_21_initial_schema
"""

from __future__ import annotations

from sqlalchemy.engine import AdaptedConnection

from alembic import op

revision = "2026_11_21_job_queue"
down_revision: str | None = "2026_11_21_initial_schema"
branch_labels: str | None = None
depends_on: str | None = None


def _run_script(script: str) -> None:
    """Runs many statements at once, which only the driver itself can, within the transaction of the migration."""
    op.execute("select 1")  # SQLAlchemy opens the transaction with its first statement, which the script would bypass
    connection: AdaptedConnection = op.get_bind().connection.dbapi_connection
    connection.run_async(lambda driver: driver.execute(script))


def upgrade() -> None:
    from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment  # a second to import, once in a database's life

    _run_script(QueryBuilderEnvironment().build_install_query(create_schema=False))


def downgrade() -> None:
    from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment

    _run_script(QueryBuilderEnvironment().build_uninstall_query())
