"""Which files have changed, and what follows from it.

Source folders are watched with everything below them; of the root folder and the lock files' folders only ``.env`` and the locks count.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePath

from watchfiles import Change, DefaultFilter, awatch

from devloop.options import Options
from devloop.polling import POLL_SECONDS, WatchError


class Rule(Enum):
    """What an edit asks for."""

    CODE = "code"  # a process with the new code
    PAGE = "page"  # the browser's pages again: templates and static files are read when they are needed
    SETTINGS = "settings"  # a process that reads the settings again
    DEPENDENCIES = "dependencies"  # a zygote with the new packages
    ENVIRONMENT = "environment"  # a zygote with the new variables


@dataclass(frozen=True, slots=True)
class Edit:
    """Files that changed together."""

    rule: Rule
    files: tuple[str, ...]


_PAGE_SUFFIXES = (".html", ".jinja", ".jinja2", ".j2", ".css", ".js", ".svg", ".png", ".ico", ".webp", ".woff2")
_CODE_SUFFIXES = (".py", ".sql", ".so")
#: Other files of sources, such as data that is read at the start; editors' and tools' own files are none of them.
_DATA_SUFFIXES = (".json", ".toml", ".yaml", ".yml", ".txt", ".csv", ".ini")
#: A branch switch changes hundreds of files one after the other: as long as more come within this time, wait. While they come, a
#: batch is reported every tenth of a second, so it has to be longer than that.
_BURST_FILES, _BURST_SECONDS, _LONGEST_BURST_SECONDS = 10, 0.3, 3.0
#: Some editors empty a file and then write it.
_EMPTY_SECONDS = 0.05
#: Rarely changed files are looked at rarely.
_SETTINGS_STEP_MILLISECONDS = 250
#: How often it is looked whether a watched folder is still the same, when nothing happens; and whether a missing one is back.
_LOOK_AT_FOLDERS_MILLISECONDS = 5_000
_MISSING_FOLDER_SECONDS = 0.2
#: The error of watchfiles for a file whose name is not UTF-8.
_NOT_TEXT = "Unable to decode path"


class _Filter(DefaultFilter):
    """Source files and new folders; never bytecode, environments, hidden folders or editors' temporary files."""

    def __init__(self, matches: Callable[[str], bool]) -> None:
        super().__init__()
        self._matches = matches

    def __call__(self, change: Change, path: str) -> bool:
        return (self._matches(path) or (change is Change.added and os.path.isdir(path))) and super().__call__(change, path)  # noqa: PTH112


def rule_for(path: str, folders: Iterable[Path] = ()) -> Rule | None:
    """Return what a change of this file in one of these source folders requires; None for other files, such as hidden ones."""
    folder = next((str(folder) for folder in folders if path.startswith(f"{folder}/")), "")
    if "/." in f"/{path[len(folder) :]}":
        return None
    name = os.path.basename(path)  # noqa: PTH119 - called for every event
    if name.endswith(_PAGE_SUFFIXES):
        return Rule.PAGE
    return Rule.CODE if name.endswith((*_CODE_SUFFIXES, *_DATA_SUFFIXES)) else None


def rule_of(path: str, options: Options) -> Rule | None:
    """Apply ``rule_for``, with the files that the options include and exclude."""
    if options.exclude and _matches(path, options.exclude, options.root):
        return None
    rule = rule_for(path, options.watch)
    return Rule.CODE if rule is None and options.include and _matches(path, options.include, options.root) else rule


def _wanted(options: Options) -> Callable[[str], bool]:
    return lambda path: rule_of(path, options) is not None


def _matches(path: str, patterns: Sequence[str], root: Path) -> bool:
    """Check that the file's path ends as one of the patterns, or is in a folder that matches one."""
    file = PurePath(path)
    return any(file.match(pattern) or file.is_relative_to(root / pattern) for pattern in patterns)


def is_watched(file: str, options: Options) -> bool:
    """Return whether an edit of this file is reported; behind a link, it is reported for the file that the link leads to."""
    if file in _special(options):
        return True
    file = os.path.realpath(file)
    below = any(file.startswith(f"{folder}/") for folder in options.watch)
    return below and rule_of(file, options) is not None


async def edits(options: Options, polling: bool, before: Snapshot) -> AsyncIterator[Edit]:
    """Yield edits as they happen, beginning with those that were made since ``before``.

    Several rules in one batch come as several edits, dependencies first.
    """
    queue: asyncio.Queue[set[str]] = asyncio.Queue()
    special = _special(options)
    stop = asyncio.Event()
    watchers = [asyncio.create_task(_look_again(queue, stop, options, before))] if polling else _reported(queue, stop, options, special)
    try:
        if not polling:
            await asyncio.sleep(0)  # now both watch
            if early := _differences(before, await asyncio.to_thread(snapshot, options)):
                queue.put_nowait(early)
        while True:
            files = await _next(queue, watchers)
            await _until_written(files)
            by_rule: dict[Rule, list[str]] = {}
            for file in sorted(files):
                rule = special.get(file) or rule_of(file, options)
                if rule is not None:
                    by_rule.setdefault(rule, []).append(file)
            for rule in (Rule.DEPENDENCIES, Rule.ENVIRONMENT, Rule.SETTINGS, Rule.CODE, Rule.PAGE):
                if rule in by_rule:
                    yield Edit(rule, tuple(by_rule[rule]))
    finally:
        stop.set()  # a watcher waits in a thread, which no cancellation reaches


Snapshot = dict[str, tuple[int, int, int]]


def snapshot(options: Options) -> Snapshot:
    """Record the state of sources and special files, before anything is imported."""
    found: Snapshot = {}
    for file in (
        *_special(options),
        *(file for top in options.watch for file in _sources(top, _wanted(options))),
    ):
        with suppress(OSError):
            state = os.stat(file)  # noqa: PTH116
            found[file] = (state.st_mtime_ns, state.st_size, state.st_ino)
    return found


def _special(options: Options) -> dict[str, Rule]:
    found = {str(options.root / ".env"): Rule.SETTINGS, **{str(lock): Rule.DEPENDENCIES for lock in options.locks}}
    return found if options.env_file is None else found | {str(options.env_file): Rule.ENVIRONMENT}


def _differences(before: Snapshot, now: Snapshot) -> set[str]:
    return {file for file in before.keys() | now.keys() if before.get(file) != now.get(file)}


def _sources(top: Path | str, matches: Callable[[str], bool]) -> Iterator[str]:
    for folder, inner, names in os.walk(top):
        inner[:] = [name for name in inner if name not in DefaultFilter.ignore_dirs]
        yield from (path for name in names if matches(path := f"{folder}/{name}"))


async def _next(queue: asyncio.Queue[set[str]], watchers: list[asyncio.Task[None]]) -> set[str]:
    """Return the next batch, merged with those that directly follow; raise the error that ended a watcher."""
    waiting = asyncio.create_task(queue.get())
    try:
        await asyncio.wait([waiting, *watchers], return_when=asyncio.FIRST_COMPLETED)
        for watcher in watchers:
            if watcher.done():
                watcher.result()
        files = set(await waiting)
    finally:
        waiting.cancel()
    deadline = asyncio.get_running_loop().time() + _LONGEST_BURST_SECONDS
    while len(files) > _BURST_FILES and asyncio.get_running_loop().time() < deadline:
        try:
            async with asyncio.timeout(_BURST_SECONDS):  # wait_for may lose a cancellation: see devloop.polling
                files |= await queue.get()
        except TimeoutError:
            break
    return files


class _Round(asyncio.Event):
    """Over when it is set, and when everything is: the watching thread asks for no more than that."""

    def __init__(self, everything: asyncio.Event) -> None:
        super().__init__()
        self._everything = everything

    def is_set(self) -> bool:
        return super().is_set() or self._everything.is_set()


async def _look_again(queue: asyncio.Queue[set[str]], stop: asyncio.Event, options: Options, before: Snapshot) -> None:
    """Compare all files with the last look until ``stop`` is set.

    watchfiles can look too, but by the second: it never sees that a file was written twice within one, as an editor does that formats
    what it has saved.
    """
    while not stop.is_set():
        now = await asyncio.to_thread(snapshot, options)
        if changed := _differences(before, now):
            queue.put_nowait(changed)
        before = now
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await stop.wait()


def _reported(queue: asyncio.Queue[set[str]], stop: asyncio.Event, options: Options, special: dict[str, Rule]) -> list[asyncio.Task[None]]:
    """Have the system report edits: in the sources, and of the few files next to them."""
    folders = sorted({Path(path).parent for path in special if Path(path).parent.is_dir()})
    sources = _watch(queue, stop, options.watch, _wanted(options), options.step, recursive=True)
    settings = _watch(queue, stop, folders, special.__contains__, _SETTINGS_STEP_MILLISECONDS, recursive=False)
    return [asyncio.create_task(sources), asyncio.create_task(settings)]


async def _watch(
    queue: asyncio.Queue[set[str]],
    stop: asyncio.Event,
    folders: Sequence[Path],
    matches: Callable[[str], bool],
    step: int,
    *,
    recursive: bool,
) -> None:
    """Watch until ``stop`` is set; start watching again when a folder was deleted and made again, which is another one to the system."""
    while not stop.is_set():
        identities = _identities(folders)
        round_over = _Round(stop)
        watched = awatch(
            *folders,
            watch_filter=_Filter(matches),
            debounce=max(100, step),
            step=step,
            stop_event=round_over,
            rust_timeout=_LOOK_AT_FOLDERS_MILLISECONDS,
            yield_on_timeout=True,
            force_polling=False,  # devloop.polling has decided, WATCHFILES_FORCE_POLLING included
            recursive=recursive,
            ignore_permission_denied=True,
        )
        try:
            async for changes in watched:
                if changes:
                    queue.put_nowait(_files(changes, matches, recursive=recursive))
                if not round_over.is_set() and _identities(folders) != identities:
                    round_over.set()
        except* FileNotFoundError:
            pass  # it went between two looks
        except* WatchError as errors:  # they come in a group
            if any(_NOT_TEXT not in str(error) for error in errors.exceptions):
                raise
            # a file with such a name is not a source; what changed next to it is found by looking at all of them
        if not stop.is_set():
            await _until_there(folders, stop)
            queue.put_nowait({file for folder in folders for file in (_sources(folder, matches) if recursive else ())})


def _files(changes: set[tuple[Change, str]], matches: Callable[[str], bool], *, recursive: bool) -> set[str]:
    files = {path for _, path in changes}
    # What was written into a new folder before it was watched is not reported.
    for folder in [path for change, path in changes if recursive and change is Change.added and os.path.isdir(path)]:  # noqa: PTH112
        files.remove(folder)
        files.update(_sources(folder, matches))
    return files


def _identities(folders: Sequence[Path]) -> list[int | None]:
    found: list[int | None] = []
    for folder in folders:
        try:
            found.append(os.stat(folder).st_ino)  # noqa: PTH116
        except OSError:
            found.append(None)
    return found


async def _until_there(folders: Sequence[Path], stop: asyncio.Event) -> None:
    while None in _identities(folders) and not stop.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(_MISSING_FOLDER_SECONDS):
                await stop.wait()


async def _until_written(files: set[str]) -> None:
    """Give a file that was just emptied the moment its editor needs; an empty file that stays empty is meant to be empty."""

    def any_empty() -> bool:
        for file in files:
            with suppress(OSError):
                if os.stat(file).st_size == 0:  # noqa: PTH116
                    return True
        return False

    deadline = asyncio.get_running_loop().time() + _EMPTY_SECONDS
    while any_empty() and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110 - no event says when an editor writes
        await asyncio.sleep(0.005)
