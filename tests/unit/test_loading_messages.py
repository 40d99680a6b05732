"""The messages after a load."""

from __future__ import annotations

import pytest

from cli.loading import tell
from pipeline.ledger import RunReport


@pytest.mark.parametrize(("program", "said"), [(None, "dq"), ("docker compose exec pipeline dq", "docker compose exec pipeline dq")])
def test_the_command_for_details_is_that_of_the_place_where_the_load_was_started(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], program: str | None, said: str
) -> None:
    monkeypatch.delenv("DQ_COMMAND", raising=False)
    if program is not None:
        monkeypatch.setenv("DQ_COMMAND", program)
    report = RunReport(4, "files", "combine", state="loaded", warnings=2)
    assert tell([report], as_json=False, source="files") == 0
    assert f"combine: 2 warnings. See: {said} etl show 4" in capsys.readouterr().err


@pytest.mark.parametrize(("checksum", "offline"), [(None, True), ("6c1f", False)])
def test_loading_from_files_is_suggested_only_when_the_release_could_not_be_downloaded(
    capsys: pytest.CaptureFixture[str], checksum: str | None, offline: bool
) -> None:
    """A file that was read and then refused needs no network."""
    report = RunReport(4, "trades", "trades", state="skipped", checksum=checksum, error="No.")
    assert tell([report], as_json=False, source="web") == 1
    assert ("Without a network" in capsys.readouterr().err) is offline


@pytest.mark.parametrize(("error", "said"), [(None, "combine: The league was removed.\n"), ("No.", "combine: No.\n")])
def test_the_remark_of_a_load_is_shown_unless_the_load_failed(capsys: pytest.CaptureFixture[str], error: str | None, said: str) -> None:
    report = RunReport(4, "files", "combine", state="failed" if error else "loaded", remark="The league was removed.", error=error)
    tell([report], as_json=False, source="files")
    assert capsys.readouterr().err == said
