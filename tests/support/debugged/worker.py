"""A worker of the tests' supervisor: joins when told, and calls functions of the target file in its main thread."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from devloop.debug.join import JoinAddress, join
from devloop.processes import die_with_parent

JOIN_SECONDS = float(os.environ.get("DQ_TEST_JOIN_SECONDS", "60"))


def say(event: str, **details: object) -> None:
    os.write(1, json.dumps({"event": event, "pid": os.getpid(), **details}).encode() + b"\n")


def join_and_say(address: dict[str, str | int]) -> None:
    joined = join(JoinAddress(str(address["host"]), int(address["port"]), int(address["parent_pid"])), timeout=JOIN_SECONDS)
    say("joined", ok=joined)


def load(path: Path) -> Callable[[str, object], object]:
    spec = importlib.util.spec_from_file_location("target", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda name, argument: vars(module)[name](argument)


async def run_python(script: str) -> str:
    process = await asyncio.create_subprocess_exec(sys.executable, script, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    return output.decode().strip()


def main() -> None:
    die_with_parent(os.getppid())
    joining: threading.Thread | None = None
    if (address := json.loads(sys.argv[2])) is not None:
        joining = threading.Thread(target=join_and_say, args=(address,))
        joining.start()
    call = load(Path(sys.argv[1]))
    if joining is not None:
        joining.join()
    say("ready")
    for line in sys.stdin:
        command = json.loads(line)
        if "join" in command:
            threading.Thread(target=join_and_say, args=(command["join"],)).start()
        elif "python" in command:
            say("result", value=asyncio.run(run_python(command["python"])))
        else:
            say("result", value=call(command["call"], command["argument"]))


if __name__ == "__main__":
    main()
