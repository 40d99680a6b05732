"""Every message survives its journey, and nothing else is taken for one."""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import fields
from typing import Any, get_type_hints

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devloop import messages
from devloop.channel import PACKET, Channel
from devloop.messages import Fork, Loaded, Message, Ready, Stale, Stop, decode

KINDS = sorted(Message.kinds.values(), key=lambda kind: kind.__name__)


def plain(message: Message) -> object:
    """Its fields, with pairs as the lists that JSON makes of them."""
    return [type(message), json.loads(json.dumps([getattr(message, field.name) for field in fields(message)]))]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_survives(kind: type[Message]) -> None:
    types = get_type_hints(kind, vars(messages))
    types.pop("kinds")

    @given(st.builds(kind, **{name: st.from_type(hint) for name, hint in types.items()}))
    def survives(message: Message) -> None:
        assert plain(decode(message.encode())) == plain(message)

    survives()


def test_a_list_of_thousands_of_modules_fits_into_a_packet() -> None:
    own = [
        (f"application.package{number // 20}.module{number}", f"/home/somebody/project/application/module{number}.py")
        for number in range(5000)
    ]
    others = [f"third.party.package{number}" for number in range(5000)]
    packet = Loaded(own, others).encode()
    assert packet[:1] == b"z"
    assert len(packet) < PACKET // 4
    ours, theirs = Channel.pair()
    there = Channel(theirs)
    assert there.send(Loaded(own, others))
    ours.socket.setblocking(True)
    assert plain(ours.receive() or Stop()) == plain(Loaded(own, others))
    there.close()
    assert ours.receive() is None
    assert not ours.send(Stop())
    ours.close()


def test_file_descriptors_travel_with_a_message() -> None:
    ours, theirs = Channel.pair()
    there = Channel(theirs)
    reading, writing = os.pipe()
    job = Fork("asgi", "a:b", "/root", 3, 5.0, "abcd", warm=["a"], join=("127.0.0.1", 5678, 1))
    assert ours.send(job, (writing,))
    message, fds = there.receive_with_fds()
    assert plain(message or Stop()) == plain(job)
    os.write(fds[0], b"x")
    assert os.read(reading, 1) == b"x"
    for fd in (reading, writing, *fds):
        os.close(fd)
    for end in (ours, there):
        end.close()


def test_hanging_up_is_heard_on_both_sides() -> None:
    ours, theirs = Channel.pair()
    there = Channel(theirs)
    ours.socket.setblocking(True)
    ours.shutdown()
    assert ours.receive() is None
    assert there.receive() is None
    assert not there.send(Stale("x"))
    ours.shutdown()
    ours.close()
    ours.shutdown()
    there.close()


def any_json() -> st.SearchStrategy[Any]:
    return st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
    )


@given(st.binary() | any_json().map(lambda value: json.dumps(value).encode()) | st.binary().map(lambda part: b"z" + zlib.compress(part)))
@example(b"")
@example(b"z")
@example(b"[" * 100_000)
@example(b'["Stale"]')
@example(b'["Stale", {}]')
@example(b'["Stale", {"error": "", "more": 1}]')
@example(b'["Stale", ["error"]]')
@example(b'["Message", 3]')
@example(b'["kinds", {}]')
@example(b'[["Stale"], {"error": ""}]')
@example(b'{"Stale": 1, "b": 2}')
def test_garbage_is_a_value_error_and_nothing_else(packet: bytes) -> None:
    with pytest.raises(ValueError, match="not a message of the loop"):
        decode(packet)


def test_equal_messages_are_equal() -> None:
    assert decode(Ready({"a": "b"}).encode()) == Ready({"a": "b"})
