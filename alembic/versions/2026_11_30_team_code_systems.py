"""Team code systems: aliases next to the codes of the sources.

Revision ID: 2026_11_30_team_code_systems
Revises: 2026_11_30_identity_decisions
"""

from __future__ import annotations

from alembic import op

revision = "2026_11_30_team_code_systems"
down_revision: str | None = "2026_11_30_identity_decisions"
branch_labels: str | None = None
depends_on: str | None = None

_BEFORE = "who writes the code: pfr (draft picks), nfl (trades) or name (combine)"
_AFTER = "who writes the code: pfr (draft picks), nfl (trades, nflverse), name (combine) or alias (others)"


def upgrade() -> None:
    op.alter_column("team_era", "system", comment=_AFTER, existing_comment=_BEFORE)


def downgrade() -> None:
    op.execute("delete from team_era where system = 'alias'")
    op.alter_column("team_era", "system", comment=_BEFORE, existing_comment=_AFTER)
