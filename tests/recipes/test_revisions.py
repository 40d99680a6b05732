"""What `make revision`, `make migrations-check` and `make merge-heads` do with unusual input, in copies of the checkout."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.db.schema_version import head
from tests.support.checkout_copy import Copy, copied


@pytest.fixture
def copy(tmp_path: Path, league: str) -> Copy:
    """The code alone, which is enough for migrations."""
    return copied(tmp_path / "checkout", league)


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (
            "app/db/models.py",
            ', CheckConstraint("pick >= 1", name="pick"))',
            ")",
            "No model has the check constraint ck_draft_pick_pick: write op.drop_constraint.",
        ),
        (
            "app/db/models.py",
            ', CheckConstraint("pick >= 1", name="pick"))',
            ', CheckConstraint("pick >= 1", name="pick"), CheckConstraint("age > 10", name="grown"))',
            "No migration creates the check constraint ck_draft_pick_grown",
        ),
        (
            "app/datasets/draft_picks.py",
            '        "age",\n        "smallint",\n',
            '        "age",\n        "text",\n',
            "op.alter_column('draft_pick', 'age'",
        ),
    ],
)
def test_a_model_without_its_migration_is_reported(copy: Copy, file: str, old: str, new: str, said: str) -> None:
    copy.edit(file, old, new)
    found = copy.make("migrations-check")
    assert found.returncode != 0
    assert said in found.stderr


@pytest.mark.parametrize(("message", "said"), [("", "MESSAGE is empty"), ("…", "the message has no letter and no digit")])
def test_a_message_that_makes_no_name_is_refused(copy: Copy, message: str, said: str) -> None:
    before = set(copy.versions.iterdir())
    refused = copy.make("revision", f"MESSAGE={message}")
    assert refused.returncode != 0
    assert said in refused.stderr
    assert set(copy.versions.glob("*.py")) == {path for path in before if path.suffix == ".py"}


def test_a_long_message_is_shortened_in_the_name_alone(copy: Copy) -> None:
    message = "add the trades of draft picks between franchises"
    made = copy.make("revision", f"MESSAGE={message}")
    assert made.returncode == 0, made.stderr
    revision = head(copy.versions)
    assert revision == f"{datetime.now(UTC):%Y_%m_%d}_add_the_trades_of"
    assert (copy.versions / f"{revision}.py").read_text().startswith(f'"""A{message[1:]}.\n')
    again = copy.make("revision", f"MESSAGE={message} again")
    assert again.returncode != 0
    assert f"There is already a migration {revision}." in again.stderr
    assert copy.make("migrate").returncode == 0


def test_two_merges_on_one_day(copy: Copy) -> None:
    for names in (("2098_01_01_boards", "2098_01_01_trades"), ("2098_02_01_mocks", "2098_02_01_grades")):
        copy.branch(*names)
        merged = copy.make("merge-heads")
        assert merged.returncode == 0, merged.stderr
    assert head(copy.versions) == f"{datetime.now(UTC):%Y_%m_%d}_merge_heads_2"


@pytest.mark.parametrize("deployed", ["2098_01_01_boards", "2098_01_01_trades"])
def test_the_other_branch_is_pending_after_a_merge(copy: Copy, deployed: str) -> None:
    boards, trades = "2098_01_01_boards", "2098_01_01_trades"
    copy.branch(boards, trades)
    assert copy.make("merge-heads").returncode == 0
    upgraded = copy.run(sys.executable, "-m", "alembic", "upgrade", deployed)
    assert upgraded.returncode == 0, upgraded.stderr
    status = json.loads(copy.run(str(Path(sys.executable).parent / "dq"), "db", "status", "--json").stdout)
    assert status["pending"] == [trades if deployed == boards else boards, head(copy.versions)]
