"""Decide how edits are found: from the system's file events, or by polling, which compares all files several times a second.

``python -m devloop.polling [--polling auto|on|off] FOLDER...`` prints the decision of a loop that watches these folders, as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from watchfiles import awatch
from watchfiles._rust_notify import WatchfilesRustInternalError

from devloop.options import Polling

#: What watchfiles raises when the system does not watch: it documents the class, only under this name.
WatchError = WatchfilesRustInternalError

POLL_SECONDS = 0.3
#: watchfiles' own variable, with watchfiles' own words for "no".
VARIABLE = "WATCHFILES_FORCE_POLLING"
_NO = ("false", "disable", "disabled")

#: File systems that do not report edits made on their other side, such as by the host of a virtual machine.
SILENT_FILE_SYSTEMS = frozenset(
    {"9p", "drvfs", "cifs", "smb3", "smbfs", "nfs", "nfs4", "vboxsf", "prl_fs", "fuse.sshfs", "fuse.vmhgfs-fuse"}
)
#: Attempts and not a time: a process that had no processor for a while has not looked meanwhile.
_PROBES = 10
#: How the table of mounts writes spaces, tabs and backslashes.
_ESCAPED = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the loop polls, and why, if there is a reason to give."""

    polling: bool
    reason: str | None = None

    def __str__(self) -> str:
        """Return the line for the log."""
        found = f"edits are found by polling every {POLL_SECONDS} s" if self.polling else "edits are found by file events"
        return f"{found}: {self.reason}" if self.reason else found


async def decide(polling: Polling, folders: Iterable[Path], environment: Mapping[str, str]) -> Decision:
    """Decide for a loop that watches these folders: the option wins, then the variable, then what the folders need."""
    if polling != "auto":
        return Decision(polling == "on", f"polling is {polling}")
    if forced := environment.get(VARIABLE):
        return Decision(forced.lower() not in _NO, f"{VARIABLE} is {forced}")
    reason = await why_silent(folders)
    return Decision(reason is not None, reason)


async def why_silent(folders: Iterable[Path]) -> str | None:
    """Explain why file events cannot be relied on in one of these folders; ``None`` when they can.

    The kind of file system is looked up first, because a test on this side of a network mount sees no edit of the other side. Then a
    hidden file is written next to the sources, once per file system, and its event waited for.
    """
    tried: set[int] = set()
    for folder in folders:
        kind = file_system(folder, Path("/proc/self/mountinfo"))
        if kind in SILENT_FILE_SYSTEMS:
            return f"{folder} is on {kind}, which does not report every edit"
        device = folder.stat().st_dev
        if device not in tried and (reason := await _no_events(folder)):
            return reason
        tried.add(device)
    return None


def file_system(folder: Path, mounts: Path) -> str | None:
    """Look up the kind of the file system that holds the folder, in the kernel's table of mounts."""
    best, kind = -1, None
    with suppress(OSError):
        for line in mounts.read_text(errors="replace").splitlines():
            before, separator, after = line.partition(" - ")
            if not separator:
                continue
            point = _ESCAPED.sub(lambda found: chr(int(found[1], 8)), before.split()[4])
            if (folder == Path(point) or folder.is_relative_to(point)) and len(point) >= best:
                best, kind = len(point), after.split()[0]
    return kind


async def _no_events(folder: Path) -> str | None:
    """Write a hidden file and wait for its event; a folder that cannot be written is assumed to be edited elsewhere."""
    seen, stop = asyncio.Event(), asyncio.Event()

    async def look() -> None:
        watched = awatch(
            folder, watch_filter=None, step=10, debounce=50, recursive=False, rust_timeout=60_000, stop_event=stop, force_polling=False
        )
        async for _ in watched:
            seen.set()

    watcher = asyncio.create_task(look())
    try:
        for _ in range(_PROBES):
            if watcher.done():
                break
            try:
                with tempfile.NamedTemporaryFile(prefix=".devloop-", dir=folder):
                    await asyncio.sleep(0.02)
            except OSError:
                return None
            with suppress(TimeoutError):
                async with asyncio.timeout(0.1):  # wait_for loses a cancellation at the moment of success, on Python 3.11
                    await seen.wait()
                return None
    finally:
        stop.set()
        ended = await asyncio.gather(watcher, return_exceptions=True)
    if isinstance(ended[0], OSError | WatchError):
        return refusal(ended[0])
    return f"the system reports no edits in {folder}"


def refusal(error: BaseException) -> str:
    """Explain why the system does not watch a folder, with the name of the limit to raise if that is the reason."""
    said = str(error)
    if "os error 24" in said:
        return "all inotify instances are in use (fs.inotify.max_user_instances)"
    if "MaxFilesWatch" in said:
        return "all inotify watches are in use (fs.inotify.max_user_watches)"
    return f"the system watches no more files ({said})"


def main(arguments: list[str] | None = None) -> int:
    """Print what a loop with these folders would do, and whether file events arrive there, whatever was asked for."""
    parser = argparse.ArgumentParser(prog="python -m devloop.polling", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--polling", choices=("auto", "on", "off"), default="auto")
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    found = parser.parse_args(arguments)

    async def look() -> dict[str, object]:
        silent = await why_silent(found.folders)
        decision = await decide(found.polling, found.folders, os.environ)
        return {"polling": decision.polling, "reason": decision.reason, "silent": silent}

    json.dump(asyncio.run(look()), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
