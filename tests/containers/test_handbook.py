"""docs/operations.md: the commands of its pages, run as they stand there, in their order."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.conftest import CHECKOUT
from tests.containers.load import under_load
from tests.containers.production import ALL_CLIENTS, PICKS, Production, ending, production_of
from tests.containers.stack import Stack

TEXT = (CHECKOUT / "docs" / "operations.md").read_text(encoding="utf-8")


def pages() -> dict[str, list[str]]:
    """The commands of every page that promises to be run."""
    found = {}
    for page in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]:
        title = page.splitlines()[0]
        if "✔" in title:
            blocks = re.findall(r"^```bash\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
            found[title.replace("✔", "").strip()] = [line for block in blocks for line in block.splitlines() if line.strip()]
    return found


@pytest.fixture(scope="module")
def two_releases(make_stack: Callable[..., Stack]) -> Iterator[Production]:
    """Production that has had an update, so that there is something to go back to."""
    with ending(production_of(make_stack())) as one:
        one.configure(**ALL_CLIENTS)
        one.run("make", "secrets")
        one.make("deploy", f"RELEASE={one.release('a')}", timeout=900)
        for name in ("runtime", "pipeline", "proxy", "backup"):  # the same files under another name: to Compose another release
            subprocess.run(
                ["docker", "tag", f"{one.project}-{name}:{one.release('a')}", f"{one.project}-{name}:{one.release('b')}"], check=True
            )
        one.make("deploy", f"RELEASE={one.release('b')}")
        one.execute("pipeline", "dq", "etl", "run", "--sample", "--wait", "300")
        for name, file in (("tls_certificate", "fullchain.pem"), ("tls_key", "privkey.pem")):
            shutil.copy(one.folder / "secrets" / name, one.folder / file)
        yield one


def test_there_are_pages_for_what_goes_wrong() -> None:
    assert {"Disk full", "Certificate expired", "Bad release", "Secret leaked"} <= pages().keys()
    assert all(pages().values())


@pytest.mark.parametrize("page", pages())
def test_the_commands_of_a_page_do_what_they_say(two_releases: Production, page: str) -> None:
    with under_load(two_releases, at_least=1_000) as load:
        for command in pages()[page]:
            two_releases.run("bash", "-c", command)
    assert load.failures == {}
    assert two_releases.ask(PICKS).status == 200
