"""A real VS Code: code-server in a process of its own, and its window in a headless Chromium, used with mouse and keyboard."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from tests.editors.program import WITH_PARENT
from tests.support.waiting import PATIENCE, free_port, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

EXTENSION = Path(__file__).parent / "extension"

#: A fresh profile that saves when the user does, and does not look for news.
SETTINGS = """{
  "files.autoSave": "off",
  "git.enabled": false,
  "remote.autoForwardPorts": false,
  "telemetry.telemetryLevel": "off",
  "workbench.startupEditor": "none"
}
"""
_END_SECONDS = 10


@contextmanager
def code_server(entry: Path, folder: Path) -> Iterator[str]:
    """Run a code-server with a profile in ``folder`` for the length of the block; yields its URL."""
    user, extensions, log = folder / "user", folder / "extensions", folder / "code-server.log"
    (user / "User").mkdir(parents=True)
    (user / "User" / "settings.json").write_text(SETTINGS)
    shutil.copytree(EXTENSION, extensions / "debugpy-connection")
    url = f"http://127.0.0.1:{(port := free_port())}"
    options = [f"--user-data-dir={user}", f"--extensions-dir={extensions}", f"--config={folder / 'code-server.yaml'}"]
    quiet = ["--auth=none", "--disable-telemetry", "--disable-update-check", "--disable-workspace-trust"]
    # An extension gallery without a URL is one that is never contacted.
    environment = {name: value for name, value in os.environ.items() if name != "PORT"} | {"EXTENSIONS_GALLERY": '{"serviceUrl": ""}'}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*WITH_PARENT, "node", str(entry), f"--bind-addr=127.0.0.1:{port}", *options, *quiet],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # with the extension host, which ends with the group
        )
        try:
            until(lambda: _is_ready(url, process, log), lambda: f"code-server did not start:\n{log.read_text(errors='replace')}", step=0.1)
            yield url
        finally:
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_END_SECONDS)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _is_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> bool:
    assert process.poll() is None, f"code-server has ended:\n{log.read_text(errors='replace')}"
    with suppress(httpx.TransportError):
        return httpx.get(f"{url}/healthz").status_code == httpx.codes.OK
    return False


@dataclass(frozen=True)
class Place:
    """Where the editor says that it is stopped: the first line of its call stack."""

    function: str
    file: str
    line: int


class Window:
    """One window with a folder open in it."""

    def __init__(self, browser: Browser, url: str, folder: Path, pictures: Path) -> None:
        self._pictures = pictures
        self._folder = folder
        context = browser.new_context(viewport={"width": 1400, "height": 900})
        # Nothing leaves the machine.
        context.route(lambda requested: not requested.startswith(url), lambda route: route.abort())
        self.page: Page = context.new_page()
        self.page.set_default_timeout(PATIENCE * 1000)
        self.page.goto(f"{url}/?folder={folder}")
        self._explorer.get_by_role("treeitem").first.wait_for()

    def close(self) -> None:
        self.page.context.close()

    def picture(self, name: str) -> None:
        """Keep what the window looks like now."""
        self._pictures.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self._pictures / f"{name}.png")

    # --- what a person does ----------------------------------------------------------------------------------------------------

    def open_file(self, path: Path) -> None:
        """Open a file from the tree of files."""
        *folders, name = path.relative_to(self._folder).parts
        for level, part in enumerate(folders, 1):
            item = self._item(part, level)
            if item.get_attribute("aria-expanded") != "true":
                item.click()
        self._item(name, len(folders) + 1).dblclick()
        self._tab(name).wait_for()

    def go_to_line(self, line: int) -> None:
        """Put the cursor at the beginning of this line of the open file."""
        self.page.keyboard.press("Control+1")
        self.page.keyboard.press("Control+G")
        self._quick_input.wait_for()
        self.page.keyboard.type(str(line))
        self._quick_input.get_by_text(re.compile(rf"line {line}\b")).first.wait_for()
        self.page.keyboard.press("Enter")
        self.page.locator("#status\\.editor\\.selection", has_text=f"Ln {line}, Col 1").wait_for()

    def set_breakpoint(self, line: int) -> None:
        """Set a breakpoint with its key."""
        # Languages and debug types come from extensions, which are read while a file is shown already; before that the key does nothing.
        self.page.locator("#status\\.editor\\.mode", has_text="Python").wait_for()
        self.go_to_line(line)
        shown = self.page.locator(".glyph-margin-widgets .codicon-debug-breakpoint")
        pressed_until = time.monotonic() + PATIENCE
        while not shown.is_visible():
            assert time.monotonic() < pressed_until, f"F9 sets no breakpoint in line {line}"
            self.page.keyboard.press("F9")
            for _ in range(20):  # a second press would remove one that is about to be shown
                if not shown.is_visible():
                    self.page.wait_for_timeout(250)

    def start_debugging(self, configuration: str) -> None:
        """Choose a configuration of *Run and Debug* and start it with its key."""
        self.page.keyboard.press("Control+Shift+D")
        chooser = self.page.locator(".start-debug-action-item select")
        chooser.select_option(label=configuration)
        self.page.keyboard.press("F5")
        self._toolbar.wait_for()

    def disconnect(self) -> None:
        """End debugging with its key after a stop: first the worker's session, in which that was, then the one that attached.

        VS Code 1.100 does not treat them as one: the adapter begins the worker's session with startDebugging, which has no word for that.
        """
        self.page.keyboard.press("Shift+F5")
        self.page.locator(".debug-call-stack .session").first.wait_for(state="hidden")  # a session without others has no line of its own
        self.page.keyboard.press("Shift+F5")
        self._toolbar.wait_for(state="hidden")

    def continue_(self) -> None:
        self.page.keyboard.press("F5")
        self._stopped_line.wait_for(state="hidden")

    def insert_line_before(self, line: int, text: str) -> None:
        """Type a new line; the editor indents it like the one above."""
        self.go_to_line(line - 1)
        self.page.keyboard.press("End")
        self.page.keyboard.press("Enter")
        self.page.keyboard.type(text)

    def save(self) -> None:
        self.page.keyboard.press("Control+S")
        self.page.locator(".tab.dirty").wait_for(state="hidden")

    # --- what the window shows -------------------------------------------------------------------------------------------------

    def wait_stopped(self) -> Place:
        """Wait until the line at which the program stands is marked, and its call stack is there."""
        self._stopped_line.first.wait_for()
        frame = self.page.locator(".debug-call-stack .stack-frame").first
        line, _, _column = frame.locator(".line-number").inner_text().partition(":")
        return Place(frame.locator(".label").first.inner_text(), frame.locator(".file-name").inner_text(), int(line))

    def variable(self, name: str) -> str:
        """The value of a local variable; waits until it is shown."""
        row = self.page.locator(".debug-variables .expression", has=self.page.locator(".name", has_text=re.compile(rf"^{name}\b")))
        return row.locator(".value").inner_text()

    @property
    def marked_text(self) -> str:
        """The source text in the line that is marked as the one where the program stands."""
        box = self._stopped_line.first.bounding_box()
        assert box is not None
        lines = self.page.locator(".editor-instance .view-line").all()
        boxes = [(line, line.bounding_box()) for line in lines]
        return next(line.inner_text() for line, own in boxes if own and abs(own["y"] - box["y"]) < own["height"] / 2)

    @property
    def sessions(self) -> list[str]:
        """The sessions in the call stack."""
        return [name.inner_text() for name in self.page.locator(".debug-call-stack .session > .name").all()]

    @property
    def tabs(self) -> list[str]:
        """The files that are open, by the names on their tabs."""
        return [tab.get_attribute("aria-label") or "" for tab in self.page.locator(".tabs-container .tab").all()]

    @property
    def notices(self) -> list[str]:
        """Messages that the editor has put on the screen."""
        return [notice.inner_text() for notice in self.page.locator(".notification-toast").all()]

    @property
    def _explorer(self) -> Locator:
        return self.page.locator(".explorer-folders-view")

    def _item(self, name: str, level: int) -> Locator:
        return self._explorer.locator(f'[role=treeitem][aria-level="{level}"]', has_text=re.compile(rf"^{re.escape(name)}$"))

    def _tab(self, name: str) -> Locator:
        return self.page.locator(".tabs-container .tab", has_text=name)

    @property
    def _quick_input(self) -> Locator:
        return self.page.locator(".quick-input-widget:visible")

    @property
    def _toolbar(self) -> Locator:
        return self.page.locator(".debug-toolbar")

    @property
    def _stopped_line(self) -> Locator:
        return self.page.locator(".view-overlays .debug-top-stack-frame-line")
