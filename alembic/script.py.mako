<%!
    def sentence(message):
        message = message.strip()
        return message[:1].upper() + message[1:] + ("" if message.endswith(".") else ".")

    def statements(text):
        """Without the remarks that autogenerate puts around its statements."""
        lines = [line for line in (text or "").splitlines() if not line.lstrip().startswith("# ###")]
        return "\n".join(lines).strip() or "pass"
%>\
"""${message | sentence}

Revision ID: ${up_revision}
Revises: ${down_revision or "nothing" | comma,n}
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision: ${"str | None" if down_revision is None or isinstance(down_revision, str) else "tuple[str, ...]"} = ${repr(down_revision)}
branch_labels: str | None = ${repr(branch_labels)}
depends_on: str | None = ${repr(depends_on)}


def upgrade() -> None:
    ${statements(context.get("upgrades", None))}


def downgrade() -> None:
    ${statements(context.get("downgrades", None))}
