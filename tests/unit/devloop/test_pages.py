"""The pages for other projects show what exists; test_wheel.py and test_devloop_pages.py run their commands."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from devloop.arguments import Parser
from tests.conftest import CHECKOUT

README = CHECKOUT / "devloop" / "README.md"
PAGES = [README, *sorted((CHECKOUT / "docs" / "devloop").glob("*.md"))]
PARSERS: dict[str, Callable[[str], object]] = {"json": json.loads, "toml": tomllib.loads, "yaml": yaml.safe_load, "python": ast.parse}


def blocks(page: Path) -> list[tuple[str, str]]:
    """The language and the text of each code block."""
    found: list[tuple[str, str]] = re.findall(r"^```(\w+)\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_is_what_its_language_says(page: Path) -> None:
    for language, text in blocks(page):
        if language in PARSERS:
            assert PARSERS[language](text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_option_of_devloop_exists(page: Path) -> None:
    parser = Parser()
    parser.add_servers()
    text = page.read_text(encoding="utf-8")
    commands = re.findall(r'^devloop .*|\["devloop".*', "\n".join(block for _, block in blocks(page)), re.MULTILINE)
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", "\n".join(commands)))
    if page.name in ("configuration.md", "limits.md", "how-it-works.md"):  # in the text of the others are options of other programs, too
        named |= set(re.findall(r"`(--[a-z][a-z-]+)", text))
    assert named - parser.options.keys() - {"--help"} == set()
    for table in re.findall(r"\[tool\.devloop\]\n(.*?)```", text, re.DOTALL):
        keys = set(tomllib.loads(table)) - {"target"}
        assert {f"--{key}" for key in keys} <= parser.options.keys()


def test_the_configurations_of_an_editor_are_the_same_everywhere() -> None:
    launches = [text for page in PAGES for language, text in blocks(page) if language == "json" and '"request": "attach"' in text]
    assert len(launches) == 2
    assert launches[0] == launches[1]
