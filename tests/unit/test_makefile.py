"""What `make` says about the variables on its command line."""

from __future__ import annotations

import subprocess

import pytest

from app.settings import CHECKOUT


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (["PROT=8001"], "PROT"),
        (["PORT=8001", "FORM=x"], "FORM"),
        (["PORT=8001", "API_DEBUG_PORT=5", "LOG_LEVEL=DEBUG", "UV_DEFAULT_INDEX=http://127.0.0.1"], None),
        (["ARGS=-k PROT=1", 'MESSAGE=it\'s "FORM=x"'], None),
    ],
)
def test_a_variable_that_nothing_reads_is_named(given: list[str], named: str | None) -> None:
    ended = subprocess.run(["make", "--dry-run", "help", *given], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    expected = f"draft-queen: nothing in this checkout reads {named}: check its spelling in `make help` and .env.example.\n"
    assert ended.stderr == (expected if named else "")
