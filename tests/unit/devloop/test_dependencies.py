"""Whether what the lock files name is installed."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devloop.dependencies import missing

FASTAPI = version("fastapi")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        (f"fastapi=={FASTAPI}", []),
        (f"FastAPI=={FASTAPI} \\\n    --hash=sha256:ab \\\n    --hash=sha256:cd\n", []),
        ("fastapi==0.0.1\n", [f"fastapi 0.0.1 ({FASTAPI} is installed)"]),
        ("no-such_package.here==1.2rc3 \\\n", ["no-such_package.here 1.2rc3 (not installed)"]),
        ("no-such==1 ; sys_platform == 'win32'\n", []),
        ("no-such==1; sys_platform == 'win32'\nnot-there==2\n", ["not-there 2 (not installed)"]),
        ("no-such==1\nother==2 ; sys_platform == 'win32' \\\n  --hash=x\n", ["no-such 1 (not installed)"]),
        ("# no-such==1\n    # via no-such==2\n-e .\n--index-url x==y\n", []),
    ],
)
def test_what_is_missing(tmp_path: Path, text: str, found: list[str]) -> None:
    (tmp_path / "lock.txt").write_text(text)
    assert missing([tmp_path / "lock.txt", tmp_path / "removed.txt"]) == found


def test_this_environment_has_what_its_lock_names() -> None:
    assert missing([Path(__file__).parents[3] / "requirements" / "runtime.txt"]) == []


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_text_makes_it_fail(tmp_path_factory: pytest.TempPathFactory, text: bytes) -> None:
    lock = tmp_path_factory.getbasetemp() / "any.txt"
    lock.write_bytes(text)
    assert isinstance(missing([lock]), list)
