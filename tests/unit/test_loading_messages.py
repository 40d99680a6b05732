"""What is said after a load."""

from __future__ import annotations

import pytest

from cli.loading import tell
from pipeline.ledger import RunReport


@pytest.mark.parametrize(("program", "said"), [(None, "dq"), ("docker compose exec pipeline dq", "docker compose exec pipeline dq")])
def test_the_command_for_details_works_where_the_load_was_started(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], program: str | None, said: str
) -> None:
    monkeypatch.delenv("DQ_COMMAND", raising=False)
    if program is not None:
        monkeypatch.setenv("DQ_COMMAND", program)
    report = RunReport(4, "files", "combine", state="loaded", warnings=2)
    assert tell([report], as_json=False, source="files") == 0
    assert f"combine: 2 warnings. See: {said} etl show 4" in capsys.readouterr().err
