"""A message that debugpy cannot handle costs that message, not every session of the process."""

from __future__ import annotations

import os
import subprocess
import sys

#: A message to an adapter's channel, whose handler fails in a way that nobody has thought of.
FAILING = """
import io, threading
from devloop.debug import adapter
adapter.serve()
from debugpy.common import messaging as m

class Handlers:
    def bad_event(self, event):
        raise RuntimeError("not thought of")
    def disconnect(self):
        print("disconnected", flush=True)
        ended.set()

ended = threading.Event()
text = b'{"seq": 1, "type": "event", "event": "bad", "body": {}}'
stream = m.JsonIOStream(io.BytesIO(b"Content-Length: %d\\r\\n\\r\\n%b" % (len(text), text)), io.BytesIO(), "test")
m.JsonMessageChannel(stream, Handlers()).start()
assert ended.wait(20)
print("goes on")
"""


def test_a_handler_that_fails_does_not_end_the_adapter() -> None:
    environment = {**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    ran = subprocess.run([sys.executable, "-c", FAILING], capture_output=True, text=True, check=False, timeout=60, env=environment)
    assert (ran.returncode, ran.stdout.split("\n")) == (0, ["disconnected", "goes on", ""]), ran.stderr
    assert "A debugger's message was dropped: RuntimeError('not thought of')" in ran.stderr
