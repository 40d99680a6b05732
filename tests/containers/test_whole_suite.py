"""The whole suite inside the dev image, once more, on a checkout that is mounted read-only: nothing of it can write there."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest

from tests.containers.stack import Stack

READ_ONLY = """\
services:
  api:
    volumes:
      - { type: bind, source: ., target: /workspace, read_only: true }
"""
#: Caches that would be in the checkout.
ELSEWHERE = {"PYTHONPYCACHEPREFIX": "/tmp/bytecode", "HYPOTHESIS_STORAGE_DIRECTORY": "/tmp/hypothesis", "RUFF_CACHE_DIR": "/tmp/ruff"}


@pytest.fixture
def read_only(another: Stack) -> Stack:
    """A stack that was not started, whose checkout cannot be written to from inside."""
    another.started = True
    another.run("bash", "scripts/stack.sh", "check-engine")
    another.compose("build", "--quiet", "api", timeout=900)
    (another.home / "read-only.yaml").write_text(READ_ONLY)
    return another


def test_every_test_passes_on_a_checkout_that_cannot_be_written(read_only: Stack, measured: Callable[[str, str], None]) -> None:
    command = [
        "docker",
        "compose",
        "-f",
        "compose.dev.yaml",
        "-f",
        str(read_only.home / "read-only.yaml"),
        "run",
        "--rm",
        "--no-deps",
        "--no-TTY",
    ]
    command += [word for name, value in ELSEWHERE.items() for word in ("--env", f"{name}={value}")]
    # the image's entrypoint asks for a checkout that can be written
    command += [
        "--entrypoint",
        "bash",
        "api",
        "-c",
        "if touch app/written; then exit 9; fi; make test test-run ARGS='-q -o cache_dir=/tmp/pytest'",
    ]
    started = time.monotonic()
    ended = read_only.run(*command, check=False, timeout=3000)
    said = ended.stdout + ended.stderr
    assert ended.returncode == 0, said[-8000:]
    measured(f"the whole suite inside: {re.findall(r'^.*passed.*$', said, re.MULTILINE)[-1]}", f"{time.monotonic() - started:.0f} s")
