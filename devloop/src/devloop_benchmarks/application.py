"""The application under test: where it lies, how servers name it, and which of its files are edited."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

_MARK = re.compile(r'^MARK = "[^"]*"$', flags=re.MULTILINE)
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Editable:
    """A source file with a line ``MARK = "…"``, and the path whose answer contains that mark."""

    file: Path
    path: str

    def edit(self) -> bytes:
        """Write a new mark into the file, in place as editors do, and return it.

        All marks are equally long: an old compiled file with the same size and second would be taken for the new one's.
        """
        mark = f"mark-{next(_numbers):08d}"
        text, replaced = _MARK.subn(f'MARK = "{mark}"', self.file.read_text(encoding="utf-8"))
        if replaced != 1:
            raise ValueError(f"{self.file} has {replaced} lines that are a mark")
        self.file.write_text(text, encoding="utf-8")
        return mark.encode()


@dataclass(frozen=True, slots=True)
class Application:
    """One copy on disk; every server under test gets its own, so that an edit reaches that server alone."""

    name: str
    folder: Path
    #: What `devloop` runs: a function that returns a `uvicorn.Config`.
    devloop_target: str
    #: Arguments of `python -m uvicorn`, with the options that make both configurations equivalent.
    uvicorn_arguments: tuple[str, ...]
    routers: tuple[Editable, ...]
    #: The file that every other one imports.
    base: Editable
    #: Paths of one asynchronous route, one that runs in a thread, and one with dependencies.
    kinds: Mapping[str, str]
    environment: Mapping[str, str] = field(default_factory=dict)
    #: The interpreter of every server that runs it.
    python: str = sys.executable
