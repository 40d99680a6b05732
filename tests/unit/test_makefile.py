"""What `make` says about the variables on its command line."""

from __future__ import annotations

import re
import subprocess

import pytest

from app.settings import CHECKOUT


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (["PROT=8001"], "PROT"),
        (["PORT=8001", "FORM=x"], "FORM"),
        (["port=1"], "port"),
        (["T=1"], "T"),
        (["API=1"], "API"),
        (["FOO:=1"], "FOO"),
        (["FOO+=1"], "FOO"),
        (["FOO?=PORT=1"], "FOO"),
        (["PORT=8001", "API_DEBUG_PORT=5", "LOG_LEVEL=DEBUG", "UV_DEFAULT_INDEX=http://127.0.0.1"], None),
        (["PORT:=8001", "TEST_WORKERS=2", "BIN=bin", "PYTHON=python3"], None),
        (["SECRET=certificate", "CERTIFICATE=file", "KEY=file"], None),
        (["ARGS=-k PROT=1", 'MESSAGE=it\'s "FORM=x"'], None),
    ],
)
def test_a_variable_that_is_not_documented_is_named(given: list[str], named: str | None) -> None:
    ended = subprocess.run(["make", "--dry-run", "help", *given], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    expected = f"draft-queen: neither `make help` nor .env.example names {named}: check its spelling.\n"
    assert ended.stderr == (expected if named else "")


def test_every_variable_of_a_command_in_the_documents_is_known() -> None:
    """A command of the documents must not be answered with a doubt about its spelling."""
    texts = [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *(CHECKOUT / "docs").rglob("*.md")]
    commands = [command for text in texts for command in re.findall(r"\bmake (?:[a-z-]+ )*[A-Z_]+=[^`\n]*", text.read_text())]
    names = {name for command in commands for name in re.findall(r"(?<![\w$])[A-Z_]+(?==)", command)}
    assert {"PORT", "FROM", "CERTIFICATE", "KEY"} <= names
    ended = subprocess.run(
        ["make", "--dry-run", "help", *(f"{name}=1" for name in sorted(names))], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    assert ended.stderr == ""
