"""What is written or read in pieces is what it would be in one."""

from __future__ import annotations

import asyncio
import gc
import mmap
import os
from pathlib import Path
from threading import Event

import polars as pl
import pytest

from pipeline.steps import copying, export
from pipeline.steps.decode import _is_utf8

FRAME = pl.DataFrame({"name": [f"n{i}" if i % 3 else None for i in range(13)], "pick": range(13)})
BLOCK = 1 << 20


def test_text_for_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "PIECE", 2)

    async def sent() -> bytes:
        return b"".join([piece async for piece in copying._pieces(FRAME)])

    assert asyncio.run(sent()) == copying._as_csv(FRAME)


def test_a_piece_that_cannot_be_written_is_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "PIECE", 2)
    complaints: list[object] = []

    def fails(piece: pl.DataFrame) -> bytes:
        raise MemoryError(f"no room for {len(piece)} rows")

    monkeypatch.setattr(copying, "_as_csv", fails)

    async def send() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context["message"]))
        with pytest.raises(MemoryError):
            async for _ in copying._pieces(FRAME):
                pass
        gc.collect()
        await asyncio.sleep(0)

    asyncio.run(send())
    assert complaints == []


@pytest.mark.parametrize("rows", [0, 1, 4, 13])
def test_exports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr(export, "PIECE", 2)
    export.write_csv(tmp_path, FRAME[:rows], "x", 1)
    export.write_parquet(tmp_path, FRAME[:rows], "x", 1, Event())
    assert (tmp_path / "x-v1.csv").read_text() == FRAME[:rows].write_csv()
    assert pl.read_parquet(tmp_path / "x-v1.parquet").equals(FRAME[:rows])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_exports_without_room_leave_nothing(tmp_path: Path, kind: str) -> None:
    (tmp_path / f"x-v1.{kind}.{os.getpid()}.part").symlink_to("/dev/full")

    def write() -> None:
        if kind == "csv":
            export.write_csv(tmp_path, FRAME, "x", 1)
        else:
            export.write_parquet(tmp_path, FRAME, "x", 1, Event())

    with pytest.raises((OSError, pl.exceptions.ComputeError), match=r"Errno 28|os error 28"):
        write()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "fits"),
    [
        (b"a" * (BLOCK - 1) + "é".encode() + b"a" * BLOCK, True),
        (b"a" * (BLOCK - 2) + "é".encode() + b"a" * BLOCK, True),
        (b"a" * (BLOCK - 1) + b"\xc3" + b"a" * BLOCK + b"\xa9", False),  # half a letter, a block of others, the other half
        (b"a" * (BLOCK - 1) + b"\xc3", False),
        (b"a" * BLOCK + b"\xa9" + b"a" * BLOCK, False),
    ],
)
def test_a_letter_on_the_border_of_two_blocks(tmp_path: Path, content: bytes, fits: bool) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as view:
        assert _is_utf8(view) is fits
