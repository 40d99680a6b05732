"""Writing files that another process watches."""

from __future__ import annotations

from pathlib import Path


def write_at_once(file: Path, text: str | bytes) -> Path:
    """Put another file in the place of this one, as many editors do: one edit, even if this process has to wait in between."""
    file = file.resolve()
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f".{file.name}.new")
    new.write_bytes(text if isinstance(text, bytes) else text.encode())
    return new.replace(file)
