"""Every example in docs/cli.md runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from app.settings import CHECKOUT
from cli.main import COMMANDS
from pipeline.sources.sample import generate as sample
from tests.integration.cli.conftest import Dq

TEXT = (CHECKOUT / "docs" / "cli.md").read_text(encoding="utf-8")
EXAMPLES = [
    shlex.split(line, comments=True)[1:]
    for block in re.findall(r"```sh\n(.*?)```", TEXT, flags=re.DOTALL)
    for line in block.splitlines()
    if line
]
#: Run elsewhere: they need a network, do not end by themselves, or judge the machine.
ELSEWHERE = (["etl", "run"], ["etl", "fetch"], ["serve"], ["doctor"], ["doctor", "--json"])


@pytest.mark.parametrize("arguments", EXAMPLES, ids=" ".join)
def test_the_example_runs(dq: Dq, request: pytest.FixtureRequest, tmp_path: Path, arguments: list[str]) -> None:
    if arguments in ELSEWHERE:
        assert arguments[0] in COMMANDS
        return
    writes = arguments[:2] in (["etl", "run"], ["db", "migrate"])
    if "--from" in arguments:
        sample.write(tmp_path / "DIR", 600, 5)
    dsn = str(request.getfixturevalue("database" if writes else "league_dsn"))
    if not writes:
        request.getfixturevalue("environment").setenv("EXPORTS_DIR", str(request.getfixturevalue("league_exports")))
    answer = dq(*(str(tmp_path / "DIR") if part == "DIR" else part for part in arguments), dsn=dsn)
    assert answer.code == 0, answer.err


def test_every_command_has_an_example() -> None:
    assert {arguments[0] for arguments in EXAMPLES} == set(COMMANDS)
