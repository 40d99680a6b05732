"""Migrations by command: a column from the model into the API, and two heads joined."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from app.db.schema_version import head
from tests.recipes.conftest import Recipe
from tests.support.waiting import free_port

REQUEST = """
import sys
from fastapi.testclient import TestClient
from app.main import create_app
with TestClient(create_app()) as client:
    answer = client.get("/api/v1/draft-picks", params={"limit": 1, "fields": "season,pick,pressures"})
    ready = client.get("/health/ready")
print(answer.status_code, answer.text)
print(ready.status_code, ready.text)
"""

READY = """
from fastapi.testclient import TestClient
from app.main import create_app
with TestClient(create_app()) as client:
    ready = client.get("/health/ready")
print(ready.status_code, ready.text)
"""


def test_a_column_comes_from_the_model_into_the_api_without_an_edit_by_hand(copy: Recipe) -> None:
    position = '    position: Mapped[str | None] = mapped_column(comment="raw code of the latest record; join with position.code")\n'
    copy.edit(
        "app/db/models.py",
        position,
        f"{position}    nickname: Mapped[str | None] = mapped_column(comment=\"what 'the fans' call him\")\n"
        '    scouted: Mapped[bool] = mapped_column(server_default=text("false"), index=True)\n',
    )
    sacks = '    Field("def_sacks", "number", "sacks", low=0, high=300, label="Sacks", section=_DEFENSE),\n'
    copy.edit("app/datasets/draft_picks.py", sacks, f'{sacks}    Field("pressures", "integer", "pressures of the quarterback"),\n')
    missing = copy.make("migrations-check")
    assert missing.returncode != 0
    assert "op.add_column('draft_pick', sa.Column('pressures'" in missing.stderr
    assert "op.add_column('person', sa.Column('nickname'" in missing.stderr
    assert 'make revision MESSAGE="..."' in missing.stderr

    before = head(copy.versions)
    made = copy.make("revision", "MESSAGE=add nicknames")
    assert made.returncode == 0, made.stderr
    revision = head(copy.versions)
    assert re.fullmatch(r"\d{4}_\d{2}_\d{2}_add_nicknames", revision)
    assert f"Wrote alembic/versions/{revision}.py" in made.stdout
    written = (copy.versions / f"{revision}.py").read_text()
    assert written.startswith(f'"""Add nicknames.\n\nRevision ID: {revision}\nRevises: {before}\n"""\n')
    assert f'down_revision: str | None = "{before}"' in written
    for check in (("format", "--check"), ("check",)):
        ruff = copy.run(sys.executable, "-m", "ruff", *check, "alembic")
        assert ruff.returncode == 0, ruff.stdout
    assert copy.make("migrations-check").returncode == 0

    migrated = copy.make("migrate")
    assert migrated.returncode == 0, migrated.stderr
    assert migrated.stdout == f"Migrated from {before} to {revision}.\n"
    answer = copy.run(sys.executable, "-c", REQUEST)
    listed, ready = answer.stdout.splitlines()
    assert listed.startswith("200 "), answer.stderr
    assert '"pressures":null' in listed
    assert ready.startswith("200 ")
    assert f"at {revision}" in ready
    assert copy.make("migrate").stdout == f"Nothing to do: the schema is {revision}.\n"

    undone = copy.run(sys.executable, "-m", "alembic", "downgrade", "-1")
    assert undone.returncode == 0, undone.stderr
    assert copy.run(str(Path(sys.executable).parent / "dq"), "db", "status").returncode == 1


def test_two_heads_are_named_everywhere_and_joined_by_one_command(copy: Recipe) -> None:
    copy.branch("2098_01_01_boards", "2098_01_01_trades")
    said = "alembic/versions has 2 heads: 2098_01_01_boards, 2098_01_01_trades."
    for command in (("migrate",), ("migrations-check",), ("revision", "MESSAGE=more")):
        refused = copy.make(*command)
        assert refused.returncode != 0
        assert said in refused.stderr, command
        assert "make merge-heads" in refused.stderr
    gate = copy.run(str(Path(sys.executable).parent / "dq"), "db", "migrate", "--json", "--compatible")
    assert (gate.returncode, said in gate.stderr) == (1, True)
    ready = copy.run(sys.executable, "-c", READY).stdout
    assert ready.startswith("503 ")
    assert said in ready
    served = copy.run(str(Path(sys.executable).parent / "dq"), "serve", "--port", str(free_port()))
    assert (served.returncode, said in served.stderr) == (1, True), served

    merged = copy.make("merge-heads")
    assert merged.returncode == 0, merged.stderr
    revision = head(copy.versions)
    assert revision == f"{datetime.now(UTC):%Y_%m_%d}_merge_heads"
    assert '("2098_01_01_boards", "2098_01_01_trades")' in (copy.versions / f"{revision}.py").read_text()
    assert copy.run(sys.executable, "-m", "ruff", "check", str(copy.versions / f"{revision}.py")).returncode == 0
    assert copy.make("migrations-check").returncode == 0
    assert f"to {revision}." in copy.make("migrate").stdout
    assert "Nothing to merge" in copy.make("merge-heads").stdout
