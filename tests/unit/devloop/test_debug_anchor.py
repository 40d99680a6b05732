"""The anchor answers what an adapter passes on of an editor's wishes, and takes anything."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devloop.debug.anchor import Anchor, response
from devloop.debug.connection import Connection
from devloop.debug.dap import JsonValue, Message, MessageParser, encode
from tests.support.waiting import PATIENCE
from tests.unit.devloop.test_debug_dap import JSON

pytestmark = pytest.mark.anyio


@pytest.fixture
async def anchor() -> AsyncIterator[tuple[Anchor, Connection]]:
    """With the adapter's end of its connection."""
    accepted: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()
    server = await asyncio.start_server(lambda reader, writer: accepted.set_result(Connection(reader, writer)), "127.0.0.1", 0)
    async with server:
        anchor = await Anchor.connect(server.sockets[0].getsockname())
        adapter = await accepted
        answering = asyncio.create_task(anchor.answer())
        yield anchor, adapter
        answering.cancel()
        anchor.close()
        adapter.close()


async def ask(adapter: Connection, command: str, arguments: JsonValue = None) -> dict[str, JsonValue]:
    await adapter.send(encode({"seq": 7, "type": "request", "command": command, "arguments": arguments}))
    answer = (await adapter.message()).content
    assert (answer["type"], answer["request_seq"], answer["command"]) == ("response", 7, command)
    return answer


async def test_it_is_this_process_and_counts_as_configured_when_the_editor_says_so(anchor: tuple[Anchor, Connection]) -> None:
    it, adapter = anchor
    about = (await ask(adapter, "pydevdSystemInfo"))["body"]
    assert isinstance(about, dict)
    assert isinstance(about["process"], dict)
    assert about["process"]["pid"] == os.getpid()
    for command in ("initialize", "attach", "setExceptionBreakpoints"):
        assert (await ask(adapter, command))["success"] is True
    assert not it.configured.is_set()
    assert (await ask(adapter, "configurationDone"))["success"] is True
    assert it.configured.is_set()


async def test_breakpoints_are_taken_where_asked_for(anchor: tuple[Anchor, Connection]) -> None:
    answer = await ask(anchor[1], "setBreakpoints", {"source": {"path": "/a.py"}, "breakpoints": [{"line": 3}, {"line": 9}]})
    assert isinstance(answer["body"], dict)
    found = answer["body"]["breakpoints"]
    assert isinstance(found, list)
    assert [(point["line"], point["verified"]) for point in found if isinstance(point, dict)] == [(3, True), (9, True)]
    assert len({point["id"] for point in found if isinstance(point, dict)}) == 2


async def test_what_needs_running_code_gets_a_sentence(anchor: tuple[Anchor, Connection]) -> None:
    answer = await ask(anchor[1], "evaluate", {"expression": "1 + 1"})
    assert answer["success"] is False
    assert "choose the process below it" in str(answer["message"])


@pytest.mark.parametrize("says", [b"no message at all\r\n\r\n", None])
async def test_it_ends_when_the_adapter_goes_or_talks_nonsense(says: bytes | None) -> None:
    other = await Anchor.connect(await _adapter_that_says(says))
    async with asyncio.timeout(PATIENCE):
        await other.answer()
    other.close()


async def _adapter_that_says(data: bytes | None) -> tuple[str, int]:
    """An adapter of few words; with None, of none at all."""

    def connected(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if data is None:
            writer.close()
        else:
            writer.write(data)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    return host, port


@given(
    st.sampled_from(["setBreakpoints", "setFunctionBreakpoints", "threads", "evaluate", "disconnect"]) | st.text(),
    st.dictionaries(st.sampled_from(["breakpoints", "source", "lines"]) | st.text(), JSON, max_size=3) | JSON,
)
def test_any_request_gets_one_answer_that_is_a_message(command: str, arguments: JsonValue) -> None:
    content: dict[str, JsonValue] = {"seq": 1, "type": "request", "command": command, "arguments": arguments}
    parser = MessageParser()
    parser.feed(response(Message(content, b"")))
    answer = parser.next_message()
    assert answer is not None
    assert answer.content["request_seq"] == 1
    assert parser.unread == b""
