"""``python -m benchmarks.containers``: sizes, build times, starts and idle cost of the containers, as a table and as JSON.

Needs a Docker engine, and the `devcontainer` command for its lines. Works in a copy of the checkout and the last instance, and removes
what it made. Other work on the machine is in the numbers; the load average is printed with them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.harness import Result
from benchmarks.report import FOLDER, measure
from tests.containers.stack import Stack, copy_checkout

MB = 1_000_000
#: Seconds over which the idle stack's processor time is taken.
IDLE_SECONDS = 60


def line(what: str, measured: float, most: float, unit: str) -> Result:
    """Return one number and its limit."""
    return Result(what, measured, most, at_least=False, unit=f" {unit}")


def timed(action: Callable[[], object]) -> float:
    started = time.monotonic()
    action()
    return time.monotonic() - started


def time_of_build(folder: Path, target: str) -> float:
    command = ["docker", "build", "--quiet", "--target", target, "--tag", f"draft-queen-bench-{target}", str(folder)]
    return timed(lambda: subprocess.run(command, check=True, capture_output=True))


def size(image: str) -> float:
    found = subprocess.run(["docker", "image", "inspect", "--format", "{{.Size}}", image], check=True, capture_output=True, text=True)
    return int(found.stdout) / MB


def sizes() -> list[Result]:
    image = {target: size(f"draft-queen-bench-{target}") for target in ("runtime", "pipeline", "dev", "proxy")}
    return [
        line("runtime image", image["runtime"], 180, "MB"),
        line("runtime image on its base", image["runtime"] - size("python:3.13-slim-trixie"), 65, "MB"),
        line("pipeline image on the runtime's", image["pipeline"] - image["runtime"], 200, "MB"),
        line("dev image on the pipeline's", image["dev"] - image["pipeline"], 250, "MB"),
        line("proxy image on its base", image["proxy"] - size("nginxinc/nginx-unprivileged:1.30"), 10, "MB"),
    ]


def builds(folder: Path) -> list[Result]:
    """Cold: nothing in the builder's cache, neither layers nor downloads."""
    subprocess.run(["docker", "builder", "prune", "--all", "--force"], check=True, capture_output=True)
    lines = [line("build of the runtime image, cold", time_of_build(folder, "runtime"), 60, "s")]
    lines += [
        line(f"build of the {target} image after it", time_of_build(folder, target), 60, "s") for target in ("pipeline", "dev", "proxy")
    ]
    source = folder / "app" / "main.py"
    source.write_text(source.read_text() + "\n# an edit\n")
    lines.append(line("build of the runtime image after a source edit", time_of_build(folder, "runtime"), 6, "s"))
    lock = folder / "requirements" / "runtime.txt"
    text = lock.read_text()
    lock.write_text(re.sub(r"^shellingham==[\s\S]*?(?=^\w)", "", text, flags=re.MULTILINE))
    assert lock.read_text() != text
    lines.append(line("build of the runtime image after a dependency change", time_of_build(folder, "runtime"), 25, "s"))
    lock.write_text(text)
    return lines


def processor_seconds(stack: Stack) -> float:
    """Processor time of every container of the stack since its start."""
    services = ("api", "pipeline", "db", "redis", "pgadmin")
    return sum(processor_seconds_of(str(stack.inspect(service)["Id"])) for service in services)


def processor_seconds_of(container: str) -> float:
    """From the control group, whose place and unit depend on the version: nanoseconds in the first, microseconds in the second."""
    for place in Path("/sys/fs/cgroup").glob(f"**/*{container}*/cpuacct.usage"):
        return int(place.read_text()) / 1e9
    for place in Path("/sys/fs/cgroup").glob(f"**/*{container}*/cpu.stat"):
        found = re.search(r"usage_usec (\d+)", place.read_text())
        if found is not None:
            return int(found[1]) / 1e6
    raise RuntimeError(f"the control group of container {container} was not found below /sys/fs/cgroup")


def starts(stack: Stack) -> list[Result]:
    lines: list[Result] = []

    def healthy() -> None:
        while not stack.healthy("api"):
            time.sleep(0.1)

    if shutil.which("devcontainer"):
        stack.run("bash", "scripts/stack.sh", "env")  # `build` alone does not run the first step
        stack.devcontainer("build", timeout=900)
        stack.devcontainer("up")
        stack.compose("down", "--volumes")

        def up() -> None:
            stack.devcontainer("up")
            healthy()

        lines.append(line("devcontainer up, empty volumes, to a healthy API", timed(up), 25, "s"))
        lines.append(line("devcontainer up when it runs", timed(lambda: stack.devcontainer("up")), 6, "s"))
    else:
        stack.make("up-d")
    while not stack.healthy("api", "pipeline", "pgadmin"):
        time.sleep(1)
    stack.compose("stop", "api")
    stack.compose("start", "api")
    lines.append(line("API healthy after its container's start", timed(healthy), 4, "s"))
    time.sleep(30)
    before = processor_seconds(stack)
    time.sleep(IDLE_SECONDS)
    lines.append(line("processor of the idle stack, of one core", (processor_seconds(stack) - before) / IDLE_SECONDS * 100, 3, "%"))
    return lines


def main() -> int:
    """Measure, print, write; exit code 1 when a demand was missed."""
    place = Path(tempfile.mkdtemp(prefix="draft-queen-bench-", dir="/var/tmp"))
    stack = Stack(place / "checkout", 20, os.getuid(), place)
    stack.folder.mkdir()
    copy_checkout(stack.folder)
    try:
        return measure(
            {"builds": lambda: builds(stack.folder), "sizes": sizes, "starts": lambda: starts(stack)}, FOLDER / "containers.json"
        )
    finally:
        stack.end()
        names = [f"draft-queen-bench-{target}" for target in ("runtime", "pipeline", "dev", "proxy")]
        subprocess.run(["docker", "image", "rm", "--force", *names], capture_output=True, check=False)
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
