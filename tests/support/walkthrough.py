"""A page of the documents, followed word for word: its files are written, its commands are run, and what it says they print is compared.

A comment before a code block says what the block is: ``<!-- file: NAME -->``, ``<!-- run -->`` for commands that end, ``<!-- start -->``
for one that runs until the section ends. A block without a language after commands is what they print.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.waiting import free_port, until

_BLOCK = re.compile(
    r"^(?P<indent> *)<!-- (?P<kind>file|run|start)(?:: (?P<name>[^\n]+?))? -->\n"
    r" *```\w*\n(?P<text>.*?)^ *```(?:\n\n```\n(?P<printed>.*?)```)?",
    re.DOTALL | re.MULTILINE,
)
#: The port in all documents; a test has its own.
PORT = 8000


@dataclass(frozen=True, slots=True)
class Step:
    """One code block."""

    kind: str
    name: str
    text: str
    printed: str | None


def steps(page: Path, section: str = "") -> list[Step]:
    """Read the code blocks of a page, or of one of its sections, in their order."""
    text = page.read_text(encoding="utf-8")
    if section:
        text = text.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    found = [
        Step(match["kind"], match["name"] or "", re.sub(f"^{match['indent']}", "", match["text"], flags=re.MULTILINE), match["printed"])
        for match in _BLOCK.finditer(text)  # a block below a list's item is indented
    ]
    assert found, f"{page} has no steps in {section or 'it'}"
    return found


class Walk:
    """A person with two terminals in an empty folder."""

    def __init__(self, folder: Path, environment: Mapping[str, str], replaced: Mapping[str, str]) -> None:
        self.folder = folder
        self.port = free_port()
        self._environment = dict(environment)
        self._replaced = {str(PORT): str(self.port), **replaced}
        self.log = folder.with_suffix(".log")

    def write(self, step: Step) -> None:
        """Write a file."""
        file = self.folder / step.name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self._own(step.text), encoding="utf-8")

    def run(self, text: str) -> str:
        """Run commands in a shell and return what they print."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self._own(text)],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}\n{self.logged()}"
        return done.stdout

    @contextmanager
    def started(self, text: str) -> Iterator[None]:
        """Run a command until the block ends; it says that it has started."""
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {self._own(text).strip()}"],
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            until(lambda: "started\n" in self.log.read_text() or process.poll() is not None, self.log.read_text)
            assert process.poll() is None, self.log.read_text()
            yield
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(30)

    def follow(self, found: list[Step]) -> None:
        """Do all of it, in the order of the page."""
        for number, step in enumerate(found):
            if step.kind == "start":
                with self.started(step.text):
                    self.follow(found[number + 1 :])
                return
            if step.kind == "file":
                self.write(step)
            else:
                printed = self.run(step.text)
                if step.printed is not None:
                    assert printed.split() == step.printed.split(), self.logged()

    def logged(self) -> str:
        """Return what the started command has printed."""
        return self.log.read_text() if self.log.exists() else ""

    def _own(self, text: str) -> str:
        for old, new in self._replaced.items():
            text = text.replace(old, new)
        return text
