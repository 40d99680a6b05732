"""Messages of the Debug Adapter Protocol as bytes: a header with a `Content-Length`, an empty line, a JSON object.

Nothing here reads or writes anything, so every case can be tested with plain values.
https://microsoft.github.io/debug-adapter-protocol/overview#base-protocol
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"

HEADER_BYTES = 4096  # an editor's header has 30
BODY_BYTES = 16 << 20  # debugpy refuses more

_HEADER_LINE = re.compile(rb"([!-9;-~]+):[ \t]*([\t -~]*)")  # a name without a colon, then printable text
_BEGINNING_OF_LINE = re.compile(rb"[\t -~]*\r?")
_END_OF_LINE = b"\r\n"


class ProtocolError(Exception):
    """The bytes are not a message of the Debug Adapter Protocol, or exceed the limits."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message, with the bytes in which it came so that it can be passed on unchanged."""

    content: dict[str, JsonValue]
    raw: bytes

    @property
    def command(self) -> str | None:
        """The name of the request; None for every other kind of message."""
        command = self.content.get("command")
        return command if self.content.get("type") == "request" and isinstance(command, str) else None

    @property
    def arguments(self) -> dict[str, JsonValue]:
        """The arguments of the request; empty if it has none."""
        arguments = self.content.get("arguments")
        return arguments if isinstance(arguments, dict) else {}

    def answers(self, request: Message) -> bool:
        """Check that this is the response to ``request``."""
        return self.content.get("type") == "response" and self.content.get("request_seq") == request.content.get("seq")


class MessageParser:
    """Finds the messages in a stream of bytes that comes in pieces of any size."""

    def __init__(self, *, header_bytes: int = HEADER_BYTES, body_bytes: int = BODY_BYTES) -> None:
        self._header_bytes = header_bytes
        self._body_bytes = body_bytes
        self._buffer = bytearray()

    @property
    def unread(self) -> bytes:
        """What was fed and is not part of a message that `next_message` has returned."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> None:
        """Add bytes to the stream."""
        self._buffer += data

    def next_message(self) -> Message | None:
        """Return the next complete message, or None while more bytes are needed.

        Raises ProtocolError as soon as the bytes cannot become a message within the limits; the stream is of no use after that.
        """
        header = self._header()
        if header is None:
            return None
        end = len(header) + self._body_length(header)
        if len(self._buffer) < end:
            return None
        raw = bytes(self._buffer[:end])
        del self._buffer[:end]
        return Message(_json_object(raw[len(header) :]), raw)

    def _header(self) -> bytes | None:
        """Return the complete header with its empty line; an incomplete header is already checked."""
        size = self._buffer.find(_END_OF_LINE * 2, 0, self._header_bytes)
        header = bytes(self._buffer[: size + 4 if size >= 0 else self._header_bytes])
        lines = header.split(_END_OF_LINE)
        for line in lines[:-2] if size >= 0 else lines[:-1]:
            if not _HEADER_LINE.fullmatch(line):
                raise ProtocolError(f"a header line is {line[:60]!r}")
        if size >= 0:
            return header
        if not _BEGINNING_OF_LINE.fullmatch(lines[-1]):
            raise ProtocolError(f"a header line begins with {lines[-1][:60]!r}")
        if len(header) == self._header_bytes:
            raise ProtocolError(f"the header is longer than {self._header_bytes} bytes")
        return None

    def _body_length(self, header: bytes) -> int:
        fields = (_HEADER_LINE.fullmatch(line) for line in header.split(_END_OF_LINE))
        lengths = [field[2].strip() for field in fields if field and field[1].lower() == b"content-length"]
        if len(lengths) != 1 or not re.fullmatch(rb"[0-9]{1,12}", lengths[0]):
            raise ProtocolError(f"the header has no usable Content-Length: {header[:60]!r}")
        length = int(lengths[0])
        if length > self._body_bytes:
            raise ProtocolError(f"the body has {length} bytes, {self._body_bytes} are allowed")
        return length


def _json_object(body: bytes) -> dict[str, JsonValue]:
    try:
        content: JsonValue = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # ValueError: not UTF-8, not JSON, a number of absurd length
        raise ProtocolError(f"the body is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise ProtocolError("the body is not a JSON object")
    return content


def encode(content: Mapping[str, JsonValue]) -> bytes:
    """Encode one message as bytes."""
    body = json.dumps(content, separators=(",", ":")).encode("ascii")
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def success_response(request: Message, body: Mapping[str, JsonValue] | None = None) -> bytes:
    """Build a positive response to ``request``, empty unless it has a ``body``."""
    return encode(_response(request) | {"success": True, "body": dict(body or {})})


def error_response(request: Message, sentence: str) -> bytes:
    """Build a negative response to ``request``, with a message that editors show to their user."""
    # editors look into `error.format` for variables in braces
    text = sentence.replace("{", "(").replace("}", ")")
    error: JsonValue = {"id": 1, "format": text, "showUser": True}
    return encode(_response(request) | {"success": False, "message": sentence, "body": {"error": error}})


def _response(request: Message) -> dict[str, JsonValue]:
    # `seq` numbers the adapter's own messages; no editor reads that of a response
    return {"seq": 0, "type": "response", "request_seq": request.content.get("seq"), "command": request.content.get("command")}
