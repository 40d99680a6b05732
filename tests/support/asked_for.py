"""Suites that take minutes run only where their make target asks for them."""

from __future__ import annotations

import os
import sys


def ignored_unless(variable: str, *, linux: bool = False) -> list[str]:
    """For ``collect_ignore_glob`` of a conftest.py: every test of its folder, unless the variable is set."""
    return [] if os.environ.get(variable) and not (linux and sys.platform != "linux") else ["test_*.py"]
