"""Parquet files written while their rows arrive, so that a server without a library for data frames can stream them.

What is written is the smallest part of the format that every reader knows (https://parquet.apache.org/docs/file-format/): row groups of one
page per column, plain values with definition levels for nulls, compressed with gzip; metadata in Thrift's compact protocol.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

import msgspec

from app.datasets.model import CellKind

#: Rows of a row group, which are in memory at once: some 20 MB of the widest list.
ROW_GROUP: Final = 4_096
_MAGIC: Final = b"PAR1"
_EPOCH: Final = date(1970, 1, 1).toordinal()
#: Physical type, and the converted type where there is one.
_TYPES: Final[Mapping[CellKind, tuple[int, int | None]]] = {
    "boolean": (0, None),
    "integer": (1, None),
    "date": (1, 6),
    "number": (5, None),
    "text": (6, 0),
}
_OPTIONAL, _PLAIN, _RLE, _GZIP = 1, 0, 3, 2
#: A value in Thrift's compact protocol: the number of its type, and its bytes.
_Thrift = tuple[int, bytes]


class ParquetFile:
    """A file with these columns: the bytes of ``row_group`` for each ``ROW_GROUP`` rows in turn, then those of ``end``."""

    def __init__(self, columns: Mapping[str, CellKind]) -> None:
        self._columns = columns
        self._groups: list[_Thrift] = []
        self._rows = self._size = 0

    def row_group(self, lines: Sequence[bytes]) -> bytes:
        """Return the bytes of rows that are given as JSON objects."""
        rows = [msgspec.json.decode(line) for line in lines]
        begin = b"" if self._size else _MAGIC
        chunks, pages, size = [], [begin], self._size + len(begin)
        for name, kind in self._columns.items():
            content = _page([row[name] for row in rows], kind)
            packer = zlib.compressobj(1, wbits=31)
            packed = packer.compress(content) + packer.flush()
            header = _page_header(len(rows), len(content), len(packed))
            chunks.append(_chunk(name, kind, len(rows), size, len(header) + len(content), len(header) + len(packed)))
            pages += (header, packed)
            size += len(header) + len(packed)
        self._groups.append(_record({1: _list(chunks), 2: _i64(size - self._size), 3: _i64(len(rows))}))
        self._rows, self._size = self._rows + len(rows), size
        return b"".join(pages)

    def end(self) -> bytes:
        """Return the bytes after the last row group."""
        root = _record({4: _text("rows"), 5: _i32(len(self._columns))})
        schema = [root, *(_element(name, kind) for name, kind in self._columns.items())]
        fields = {1: _i32(1), 2: _list(schema), 3: _i64(self._rows), 4: _list(self._groups, of=12), 6: _text("draft-queen")}
        _, footer = _record(fields)
        return (b"" if self._size else _MAGIC) + footer + struct.pack("<I", len(footer)) + _MAGIC


def _page(values: Sequence[object], kind: CellKind) -> bytes:
    present = [value for value in values if value is not None]
    if len(present) == len(values):
        levels = _varint(len(values) << 1) + b"\x01"
    else:
        bits = _bits(value is not None for value in values)
        levels = _varint(len(bits) << 1 | 1) + bits
    return struct.pack("<I", len(levels)) + levels + _plain(present, kind)


def _plain(values: Sequence[object], kind: CellKind) -> bytes:
    match kind:
        case "boolean":
            return _bits(value is True for value in values)
        case "integer":
            return struct.pack(f"<{len(values)}i", *values)
        case "date":
            return struct.pack(f"<{len(values)}i", *(date.fromisoformat(str(value)).toordinal() - _EPOCH for value in values))
        case "number":
            return struct.pack(f"<{len(values)}d", *values)
        case "text":
            texts = (str(value).encode() for value in values)
            return b"".join(part for text in texts for part in (struct.pack("<I", len(text)), text))


def _bits(values: Iterable[bool]) -> bytes:
    """Pack eight values into a byte, the first into its lowest bit."""
    digits = "".join("1" if value else "0" for value in values)
    return int(digits[::-1] or "0", 2).to_bytes((len(digits) + 7) // 8, "little")


def _page_header(rows: int, size: int, packed: int) -> bytes:
    data = _record({1: _i32(rows), 2: _i32(_PLAIN), 3: _i32(_RLE), 4: _i32(_RLE)})
    return _record({1: _i32(0), 2: _i32(size), 3: _i32(packed), 5: data})[1]


def _chunk(name: str, kind: CellKind, rows: int, offset: int, size: int, packed: int) -> _Thrift:
    about = {
        1: _i32(_TYPES[kind][0]),
        2: _list([_i32(_PLAIN), _i32(_RLE)]),
        3: _list([_text(name)]),
        4: _i32(_GZIP),
        5: _i64(rows),
        6: _i64(size),
        7: _i64(packed),
        9: _i64(offset),
    }
    return _record({2: _i64(offset), 3: _record(about)})


def _element(name: str, kind: CellKind) -> _Thrift:
    physical, converted = _TYPES[kind]
    fields = {1: _i32(physical), 3: _i32(_OPTIONAL), 4: _text(name)}
    return _record(fields if converted is None else {**fields, 6: _i32(converted)})


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def _i32(number: int) -> _Thrift:
    return 5, _varint(number << 1)  # none is negative


def _i64(number: int) -> _Thrift:
    return 6, _varint(number << 1)


def _text(text: str) -> _Thrift:
    encoded = text.encode()
    return 8, _varint(len(encoded)) + encoded


def _list(items: Sequence[_Thrift], of: int | None = None) -> _Thrift:
    kind = items[0][0] if of is None else of
    header = bytes([len(items) << 4 | kind]) if len(items) < 15 else bytes([0xF0 | kind]) + _varint(len(items))
    return 9, header + b"".join(content for _, content in items)


def _record(fields: Mapping[int, _Thrift]) -> _Thrift:
    """Encode a struct; its fields are given by their numbers, in ascending order and less than 16 apart."""
    found, last = [], 0
    for number, (kind, content) in fields.items():
        found += [bytes([(number - last) << 4 | kind]), content]
        last = number
    return 12, b"".join((*found, b"\0"))
