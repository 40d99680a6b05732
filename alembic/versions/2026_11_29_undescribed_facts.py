"""Undescribed facts.

The columns of the data sets are described where they are declared, in ``app.datasets``; a comment here would be a second description.

Revision ID: 2026_11_29_undescribed_facts
Revises: 2026_11_29_ledger_columns
"""

from __future__ import annotations

from alembic import op

revision = "2026_11_29_undescribed_facts"
down_revision: str | None = "2026_11_29_ledger_columns"
branch_labels: str | None = None
depends_on: str | None = None

COMMENTS = {
    "draft_pick": {
        "pick": "overall number within the class, 1..N",
        "team": "code as recorded; means a franchise only together with the season",
        "gsis_id": "as recorded: mixes GSIS and ESB ids",
        "college": "as recorded",
    },
    "combine_entry": {
        "ht": "as recorded, feet-inches",
        "height_in": "inches",
        "wt": "pounds",
        "forty": "seconds",
        "bench": "repetitions at 225 lb",
        "vertical": "inches",
        "broad_jump": "inches",
        "cone": "seconds",
        "shuttle": "seconds",
    },
}

#: Comments that listed the data sets: (table, column, before, after).
LISTS = (
    ("dataset", "dataset", "draft_picks or combine", "name of the data set"),
    ("load_run", "dataset", "draft_picks or combine", "name of the data set"),
    ("load_run", "source", "draft_picks, combine or sample", "name of the data set, or sample"),
)


def upgrade() -> None:
    for table, comments in COMMENTS.items():
        for column, comment in comments.items():
            op.alter_column(table, column, comment=None, existing_comment=comment)
    for table, column, before, after in LISTS:
        op.alter_column(table, column, comment=after, existing_comment=before)


def downgrade() -> None:
    for table, comments in COMMENTS.items():
        for column, comment in comments.items():
            op.alter_column(table, column, comment=comment, existing_comment=None)
    for table, column, before, after in LISTS:
        op.alter_column(table, column, comment=before, existing_comment=after)
