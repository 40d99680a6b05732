"""Files in ``.cache/devloop``, where the loop keeps what it has learned."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path


def target_name(target: str) -> str:
    """Return the target as a part of a file name."""
    return "".join(letter if letter.isalnum() else "-" for letter in target)


def write(file: Path, content: object) -> None:
    """Replace the file; Git ignores its folder. On a read-only disk the loop works without it, so an error is not reported."""
    with suppress(OSError):
        if not file.parent.is_dir():
            file.parent.mkdir(parents=True, exist_ok=True)
            (file.parent / ".gitignore").write_text("*\n")
        new = file.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps(content))
        new.replace(file)
