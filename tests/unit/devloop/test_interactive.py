"""The debugger at a ``breakpoint()``."""

from __future__ import annotations

import io
import pdb  # noqa: T100 - the debugger itself
from contextlib import nullcontext
from types import SimpleNamespace
from typing import cast

import pytest

from devloop.worker.interactive import TerminalPdb
from devloop.worker.prompt import Prompt


class Pieces(io.StringIO):
    """Every piece that is written, for without a buffer each is written to the terminal at once."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def write(self, text: str) -> int:
        self.pieces.append(text)
        return len(text)


def test_a_message_and_its_end_are_written_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdb.Pdb, "interaction", lambda *_: None)
    prompt = SimpleNamespace(leaving=False, terminal=nullcontext)
    debugger = TerminalPdb(cast(Prompt, prompt), header="--Return--")
    debugger.stdout = terminal = Pieces()
    debugger.interaction(None, None)
    assert terminal.pieces == ["--Return--\n"]
