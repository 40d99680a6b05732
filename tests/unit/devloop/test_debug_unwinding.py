"""What makes exceptions cheap in a debugged process fits the debugpy that is installed, and changes none of its answers."""

from __future__ import annotations

import os
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from devloop.debug import unwinding

FIND = "import debugpy.server.api; from devloop.debug.unwinding import remember_file_names as r; print(r(), r())"


def test_the_installed_debugpy_has_the_walk_that_is_made_cheap() -> None:
    """A release without it makes this fail: then the module can go."""
    environment = {**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    ran = subprocess.run([sys.executable, "-c", FIND], capture_output=True, text=True, check=True, timeout=60, env=environment)
    assert ran.stdout.split() == ["True", "False"], "found, and done once"


@given(st.text() | st.sampled_from(["<frozen os>", "/usr/lib/threading.py", "C:\\x\\pydevd.py", "a.b.c", ".x", ""]))
def test_a_name_is_taken_apart_as_before(path: str) -> None:
    (stem,) = unwinding._stem(path)
    assert stem == os.path.splitext(os.path.basename(path))[0]  # noqa: PTH119, PTH122 - as debugpy does it
