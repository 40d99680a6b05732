"""`make service`, as docs/adding-a-service.md says, in a copy of the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SERVICE = "standings"


def add_service(folder: Path, name: str = SERVICE) -> None:
    """Do what the make target does, with this checkout's environment; a service that is there already is left alone."""
    if (folder / "app" / name.replace("-", "_")).exists():
        return
    for arguments in (["scripts.new_service", name], ["scripts.generated_docs"]):
        subprocess.run(
            [sys.executable, "-m", *arguments], cwd=folder, env=os.environ | {"PYTHONPATH": str(folder)}, check=True, capture_output=True
        )
