"""`make up` when a container ends at once: the error message is shown whole."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.stack.conftest import GOOD

#: An engine whose API ends at once, with the log that a test gives.
ENDED = f"""case "$*" in
  "compose ps --all --quiet api") echo api ;;
  "inspect --format "*) echo "exited none 1 0" ;;
  "compose logs "*) cat "$HOME/log" ;;
  *) {GOOD.format(compose="2.40.3", security="")} ;;
esac"""


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (
            "Error: One setting is wrong:\n  - POLLING is wrong\nError: One setting is wrong:\n  - POLLING is wrong\n",
            "Error: One setting is wrong:\n  - POLLING is wrong\n",
        ),
        ("  - of nothing\nError: 2 settings are wrong:\n  - A\nsomething else\n  - B\n", "Error: 2 settings are wrong:\n  - A\n  - B\n"),
        ("ERROR: older\nFATAL: newer\n", "FATAL: newer\n"),
        ("all is well\n  - of nothing\n", ""),
    ],
)
def test_the_last_error_is_shown_with_its_list(
    checkout: Path, tmp_path: Path, engine: Callable[[str], dict[str, str]], log: str, said: str
) -> None:
    (tmp_path / "log").write_text(log)
    ended = subprocess.run(
        ["bash", "scripts/stack.sh", "up"],
        cwd=checkout,
        env={**engine(ENDED), "INSTANCE": "20"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr == f"{said}draft-queen: the stack did not start: 'make doctor' looks for the cause.\n"


@pytest.mark.parametrize("place", [".env", "the environment"])
def test_a_port_that_is_not_a_number_is_named(checkout: Path, engine: Callable[[str], dict[str, str]], place: str) -> None:
    environment = engine(ENDED)
    if place == ".env":
        (checkout / ".env").write_text("API_PORT=abc\n")
    else:
        environment["API_PORT"] = "abc"
    ended = subprocess.run(
        ["bash", "scripts/stack.sh", "check"], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr == f"draft-queen: API_PORT=abc in {place} is not a port: write a number from 1 to 65535.\n"
