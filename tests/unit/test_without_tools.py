"""An image has no tools/: nothing may need them to start."""

from __future__ import annotations

import subprocess
import sys

import pytest

from app.errors import DraftQueenError
from app.settings import load_settings
from app.settings.database import configured_dsn

IMPORT_ALL = """
import importlib, pkgutil, sys
sys.modules["tools"] = None
for root in ("app", "pipeline", "cli"):
    for module in pkgutil.walk_packages(importlib.import_module(root).__path__, f"{root}."):
        if not module.name.endswith(".__main__"):
            importlib.import_module(module.name)
"""


def test_every_module_can_be_imported() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_without_a_database_url_an_image_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setitem(sys.modules, "tools.embedded", None)
    with pytest.raises(DraftQueenError, match=r"^DATABASE_URL is not set\. Set it"), configured_dsn(load_settings(None)):
        pass
