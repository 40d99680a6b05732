"""devloop's distributions, built from a copy of its folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import CHECKOUT

PACKAGE = CHECKOUT / "devloop"
WHEEL = "asgi_devloop-0.1.0-py3-none-any.whl"
BIN = Path(sys.executable).parent


def build(folder: Path) -> Path:
    """Put the wheel and the source distribution into the folder; uv has the build backend in itself, so this needs no network."""
    source = folder / "source"  # a build may leave something behind
    shutil.copytree(PACKAGE, source, ignore=shutil.ignore_patterns("__pycache__", "dist", "build"))
    subprocess.run(
        [str(BIN / "uv"), "build", "--offline", "--quiet", "--out-dir", str(folder), str(source)],
        check=True,
        capture_output=True,
        text=True,
    )
    return folder
