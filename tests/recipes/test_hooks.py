"""The hooks that call make accept what is committed."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from tests.conftest import CHECKOUT
from tests.unit.test_hooks import HOOKS


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("hook", [hook for hook in HOOKS if hook["entry"].startswith("make")], ids=lambda hook: str(hook["id"]))
def test_what_is_committed_passes(hook: dict[str, str]) -> None:
    ran = subprocess.run(hook["entry"].split(), cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"{ran.stdout}{ran.stderr} ({sys.executable})"
