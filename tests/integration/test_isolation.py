"""The suite depends on nothing in the environment it is started in, and leaves the checkout as it was."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.compose_variables import COMPOSE_VARIABLES, PRODUCTION_VARIABLES
from app.settings import SECRETS, Settings
from tests.conftest import CHECKOUT

SETTINGS = [*(name.upper() for name in Settings.model_fields), *(f"{name.upper()}_FILE" for name in SECRETS)]
COMPOSE = [variable.name for variable in (*COMPOSE_VARIABLES, *PRODUCTION_VARIABLES)]
#: Run as a test of the suite; fails on each variable that reaches it.
PROBE = "tests/integration/test_isolation.py::test_no_setting_reaches_a_test"
PROBED = "DRAFT_QUEEN_TEST_PROBE"


def test_no_setting_reaches_a_test() -> None:
    assert {name for name in os.environ if name.upper() in {*SETTINGS, *COMPOSE}} == set()


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["0", "1"])
@pytest.mark.skipif(PROBED in os.environ, reason="this is the run that another test started")
def test_settings_of_the_shell_reach_no_test(workers: str, tmp_path: Path) -> None:
    given = dict.fromkeys([*SETTINGS, *COMPOSE, "database_url"], "from the shell")
    command = [sys.executable, "-m", "pytest", "-q", "-n", workers, "-o", f"cache_dir={tmp_path}", PROBE]
    ran = subprocess.run(command, cwd=CHECKOUT, env=os.environ | given | {PROBED: "1"}, capture_output=True, text=True, check=False)
    assert "1 passed" in ran.stdout, ran.stdout + ran.stderr
