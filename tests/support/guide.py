"""docs/adding-a-service.md, followed word for word in a copy of the checkout."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import CHECKOUT

PAGE = CHECKOUT / "docs" / "adding-a-service.md"
SERVICE = "standings"


def blocks(page: Path = PAGE) -> dict[str, str]:
    """The page's code blocks by the file that each belongs to."""
    return dict(re.findall(r"<!-- (\S+) -->\n```\w+\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL))


def _at_the_end_of_services(text: str, block: str) -> str:
    head, services, rest = text.partition("\nservices:\n")
    following = re.search(r"^(?=[a-z])", rest, re.MULTILINE)  # the next key of the document, or the comment that introduces it
    assert services
    assert following is not None
    body = rest[: following.start()]
    comment = re.search(r"(?:^#.*\n)*\Z", body, re.MULTILINE)
    assert comment is not None
    return f"{head}{services}{body[: comment.start()].rstrip()}\n\n{block}\n{comment[0]}{rest[following.start() :]}"


def _at_the_end_of_the_tuple(text: str, block: str) -> str:
    head, name, rest = text.partition("\nCOMPOSE_VARIABLES: Final = (\n")
    body, end, tail = rest.partition("\n)\n")
    assert name
    assert end
    return f"{head}{name}{body}\n{block}{end[1:]}{tail}"


def _above_the_last_location(text: str, block: str) -> str:
    place = text.rindex("        location / {\n")
    return f"{text[:place]}{block}{text[place:]}"


STEPS = {
    "app/standings.py": lambda _, block: block,
    "compose.dev.yaml": _at_the_end_of_services,
    "app/compose_variables.py": _at_the_end_of_the_tuple,
    "compose.prod.yaml": _at_the_end_of_services,
    "docker/proxy/draft-queen/upstream.conf": lambda text, block: text + block,
    "docker/proxy/nginx.conf": _above_the_last_location,
}


def follow(folder: Path) -> None:
    """Do what the page says in this copy of the checkout, up to the commands that start something.

    A step that is done already is left alone.
    """
    found = blocks()
    assert found.keys() == STEPS.keys(), "the page has other steps than this"
    for name, step in STEPS.items():
        path = folder / name
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if found[name].strip("\n") not in text:
            path.write_text(step(text, found[name]), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "scripts.settings_docs"], cwd=folder, check=True, capture_output=True)
