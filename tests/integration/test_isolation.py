"""The suite depends on nothing in the environment it is started in, and says what it cannot run there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import SECRETS, Settings
from tests.conftest import CHECKOUT
from tools.compose_variables import COMPOSE_VARIABLES, PRODUCTION_VARIABLES

SETTINGS = [*(name.upper() for name in Settings.model_fields), *(f"{name.upper()}_FILE" for name in SECRETS)]
COMPOSE = [variable.name for variable in (*COMPOSE_VARIABLES, *PRODUCTION_VARIABLES)]
#: Run as a test of the suite; fails on each variable that reaches it.
PROBE = "tests/integration/test_isolation.py::test_no_setting_reaches_a_test"
PROBED = "DRAFT_QUEEN_TEST_PROBE"


def run_pytest(what: str, cache: Path, *options: str, **environment: str) -> str:
    """The output of a session of its own in this checkout."""
    command = [sys.executable, "-m", "pytest", "-q", *options, "-o", f"cache_dir={cache}", what]
    ran = subprocess.run(command, cwd=CHECKOUT, env=os.environ | environment, capture_output=True, text=True, check=False)
    return ran.stdout + ran.stderr


def test_no_setting_reaches_a_test() -> None:
    assert {name for name in os.environ if name.upper() in {*SETTINGS, *COMPOSE}} == set()


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["0", "1"])
@pytest.mark.skipif(PROBED in os.environ, reason="this is the run that another test started")
def test_settings_of_the_shell_reach_no_test(workers: str, tmp_path: Path) -> None:
    given = dict.fromkeys([*SETTINGS, *COMPOSE, "database_url"], "from the shell")
    said = run_pytest(PROBE, tmp_path, "-n", workers, **given, **{PROBED: "1"})
    assert "1 passed" in said, said


def test_what_a_machine_without_a_browser_cannot_run_is_said_in_one_line(tmp_path: Path) -> None:
    said = run_pytest("tests/browser/test_looks.py", tmp_path, "-n", "0", PATH=str(tmp_path))
    skipped = re.findall(r"^Skipped here: (\d+) browser tests \(no Chromium\)\.$", said, re.MULTILINE)
    assert len(skipped) == 1, said
    assert f"{skipped[0]} skipped in" in said  # nothing was started for them, so nothing else happened
