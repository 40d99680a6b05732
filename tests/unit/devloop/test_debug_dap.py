"""Framing: whatever comes in whatever pieces, messages come out whole or there is an error of ours."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from devloop.debug.dap import JsonValue, Message, MessageParser, ProtocolError, encode, error_response, success_response

JSON: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

CONTENT = st.dictionaries(st.text(), JSON, max_size=5)
HEADER_PIECES = st.sampled_from(
    [b"Content-Length", b":", b" ", b"12", b"-1", b"0", b"\r\n", b"\r", b"\n", b"{}", b"[]", b"\xff", b"GET / HTTP/1.1"]
)


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    ends = sorted({place % (len(data) + 1) for place in places} | {len(data)})
    return [data[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]


def read_all(parser: MessageParser, pieces: Sequence[bytes]) -> list[Message]:
    found = []
    for piece in pieces:
        parser.feed(piece)
        while (message := parser.next_message()) is not None:
            found.append(message)
    return found


@PATIENT
@given(st.lists(CONTENT, max_size=4), st.lists(st.integers(min_value=0), max_size=20), st.binary(max_size=3))
def test_messages_survive_any_cutting(contents: list[dict[str, JsonValue]], places: list[int], rest: bytes) -> None:
    stream = b"".join(encode(content) for content in contents)
    parser = MessageParser()
    found = read_all(parser, cut(stream, places))
    assert [message.content for message in found] == contents
    assert b"".join(message.raw for message in found) == stream
    parser.feed(rest)
    assert parser.unread == rest


@PATIENT
@given(st.binary() | st.lists(HEADER_PIECES).map(b"".join), st.lists(st.integers(min_value=0), max_size=5))
@example(b"Content-Length: 2\r\n\r\n\xff\xff", [])
@example(b"Content-Length: 12000\r\n\r\n" + b"[" * 12000, [])
@example(b"Content-Length: 9000\r\n\r\n" + b"1" * 9000, [])
@example(b"Content-Length: \xc2\xb2\r\n\r\n{}", [])
def test_garbage_raises_nothing_but_its_own_error(data: bytes, places: list[int]) -> None:
    try:
        for message in read_all(MessageParser(), cut(data, places)):
            assert isinstance(message.content, dict)
    except ProtocolError as error:
        assert str(error)


@PATIENT
@given(st.binary(), st.lists(st.integers(min_value=0), max_size=5))
def test_the_outcome_does_not_depend_on_the_cutting(data: bytes, places: list[int]) -> None:
    def outcome(pieces: Sequence[bytes]) -> bool:
        try:
            read_all(MessageParser(), pieces)
        except ProtocolError:
            return False
        return True

    assert outcome([data]) == outcome(cut(data, places))


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n",
        b"\x16\x03\x01",
        b"Content-Length 5\r\n",
        b"Content-Length: 5\n\n",
        b"Content-Length: 1_0\r\n\r\n",
        b"Content-Length: +5\r\n\r\n",
        b"Content-Length: 0x5\r\n\r\n",
        b"Content-Length:\r\n\r\n",
        b"Content-Type: json\r\n\r\n",
        b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n",
        b"Content-Length: 101\r\n\r\n",
        b"\r\n\r\n",
        b"X: " + b"a" * 100,
        b"Content-Length: 0\r\n\r\n",
        b"Content-Length: 2\r\n\r\n[]",
    ],
)
def test_refused_as_soon_as_it_cannot_become_a_message(data: bytes) -> None:
    parser = MessageParser(header_bytes=60, body_bytes=100)
    parser.feed(data)
    with pytest.raises(ProtocolError):
        parser.next_message()


@pytest.mark.parametrize("header", [b"Content-Length: 2", b"content-length:2", b"X-Other: a:b\r\nCONTENT-LENGTH:  2 "])
def test_headers_are_read_as_others_write_them(header: bytes) -> None:
    parser = MessageParser()
    parser.feed(header + b"\r\n\r\n{}left")
    message = parser.next_message()
    assert message is not None
    assert message.content == {}
    assert parser.unread == b"left"


def test_a_body_of_exactly_the_limit_is_read() -> None:
    content: dict[str, JsonValue] = {"text": "a" * 50}
    size = len(json.dumps(content, separators=(",", ":")))
    for limit, accepted in ((size, True), (size - 1, False)):
        parser = MessageParser(body_bytes=limit)
        parser.feed(encode(content))
        if accepted:
            assert parser.next_message() is not None
        else:
            with pytest.raises(ProtocolError, match=f"the body has {size} bytes"):
                parser.next_message()


def read_one(data: bytes) -> Message:
    parser = MessageParser()
    parser.feed(data)
    message = parser.next_message()
    assert message is not None
    return message


REQUEST = read_one(encode({"seq": 7, "type": "request", "command": "attach", "arguments": {"subProcessId": 12}}))


def test_the_parts_of_a_request() -> None:
    assert REQUEST.command == "attach"
    assert REQUEST.arguments == {"subProcessId": 12}
    odd: list[dict[str, JsonValue]] = [{}, {"type": "event", "command": "attach"}, {"type": "request", "command": 5, "arguments": [1]}]
    for content in odd:
        assert (Message(content, b"").command, Message(content, b"").arguments) == (None, {})


def test_answers() -> None:
    success, failure = read_one(success_response(REQUEST)), read_one(error_response(REQUEST, "Not {now}."))
    for answer in (success, failure):
        assert answer.answers(REQUEST)
        assert answer.content["command"] == "attach"
    assert success.content["success"] is True
    assert failure.content["success"] is False
    assert failure.content["message"] == "Not {now}."
    assert failure.content["body"] == {"error": {"id": 1, "format": "Not (now).", "showUser": True}}
    assert not REQUEST.answers(REQUEST)
