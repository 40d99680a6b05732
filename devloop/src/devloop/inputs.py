"""What a process has read since it began, and whether it is still so on the disk: whether the process may be kept.

This is the one place that decides it. Zygote and warm process each hear of every file that is opened, every folder that is listed and
every module that is looked for, by an audit hook, and keep the state in which it was. Before one of them is used for a generation it
compares: what has changed is named, and the process is replaced instead of used.
"""

from __future__ import annotations

import importlib.util
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import get_ident
from types import FrameType

from devloop.worker.own import INSTALLED, Own, is_ours

Fingerprint = tuple[int, int, int]

#: Read by everything, and not what an application is made of.
_SYSTEM = ("/proc/", "/sys/", "/dev/")
_STANDARD_LIBRARY = os.path.dirname(os.__file__) + "/"  # noqa: PTH120 - imported at every start
_SITE = (f"{_STANDARD_LIBRARY}site-packages/", f"{_STANDARD_LIBRARY}dist-packages/")
_METADATA = f"{_STANDARD_LIBRARY}importlib/metadata/"
#: Files that add folders to the module search path; and package metadata, which matters to code that lists installed packages.
_TELLING, _DISTRIBUTIONS = (".pth",), (".dist-info", ".egg-info")
_THIS_PACKAGE = os.path.dirname(__file__) + "/"  # noqa: PTH120
_WRITING = os.O_WRONLY | os.O_RDWR
#: A save that an editor makes in more than one step is complete after this time.
_SAVE_SECONDS = 0.1
#: Two changes of a folder may get the same time if less than this is between them: the kernel's clock for files has coarse ticks.
_TICK_NS = 20_000_000
#: What an import should not do more than once: a second process that does it ahead of time would be noticed.
_EFFECTS = {
    "sqlite3.connect": "opens a database",
    "socket.connect": "opens a connection",
    "socket.bind": "opens a socket",
    "subprocess.Popen": "starts a program",
    "os.posix_spawn": "starts a program",
    "os.system": "starts a program",
    "os.fork": "starts a process",
    "_thread.start_new_thread": "starts a thread",  # reported from Python 3.12 on
    "_thread.start_joinable_thread": "starts a thread",
}


def fingerprint(path: str) -> Fingerprint | None:
    """Return what changes when a file is written or replaced; None when the file does not exist."""
    try:
        state = os.stat(path)  # noqa: PTH116 - two thousand of them at every reload
    except (OSError, ValueError):
        return None
    return (state.st_mtime_ns, state.st_size, state.st_ino) if stat.S_ISREG(state.st_mode) else (0, 0, state.st_ino)


class Inputs:
    """What this process, and the one that it was forked from, has read; and what the application's imports did besides."""

    def __init__(self, own: Own) -> None:
        self.own = own
        self.files: dict[str, Fingerprint | None] = {}
        self.written: set[str] = set()
        self.tell_written: Callable[[str], object] = lambda _file: None  # of a file of the application, before it is written
        self.names: dict[str, None] = {}  # modules that were looked for, found or not, in their order
        self.environment_changed = False
        #: The application's modules that change the environment while they are imported, and what was loaded before the first of them.
        self.changers: dict[str, None] = {}
        self.before_change: frozenset[str] = frozenset()
        self.begun_before_change: list[str] = []
        self.effects: dict[str, str] = {}  # by module of the application
        self.own_sources: list[str] = []
        self._listed: dict[str, _Listing] = {}  # folders whose content was asked for
        self._searched: dict[str, _Listing] = {}  # folders in which modules were looked for
        self._telling: tuple[str, ...] = _TELLING
        self._busy: int | None = None  # the thread whose event is taken: what this does itself is not of interest

    # --- hearing ---------------------------------------------------------------------------------------------------------------

    def listen(self) -> None:
        """Begin to hear, with what is in memory already and with what makes ``sys.path``."""
        for module in list(sys.modules.values()):
            file = getattr(module, "__file__", None)
            if isinstance(file, str):
                self._opened(file, "r", 0)
        for folder in sys.path:
            self._looked_in(os.path.abspath(folder))  # noqa: PTH100
            for name in _names(folder):
                if name.endswith(_TELLING):
                    self._opened(f"{folder}/{name}", "r", 0)
        sys.meta_path.insert(0, self)
        _listen(self)

    def begin(self) -> None:
        """Begin to hear what the application does, in a process that has just been forked."""
        self.environment_changed, self.changers, self.effects = False, {}, {}
        with self._unheard():
            self._found_elsewhere()

    def read(self) -> dict[str, Fingerprint | None]:
        """Return what the application reads while it starts, without installed packages: what may be edited."""
        return {
            file: state
            for file, state in self.files.items()
            if state is not None and file not in self.written and not any(part in file for part in INSTALLED)
        }

    def find_spec(self, name: str, _path: object, _target: object = None) -> None:
        """Find nothing: as the first of the import system's finders, this hears which modules are looked for."""
        self.names.setdefault(name)

    def stop(self) -> None:
        """Stop recording: what runs from now on is the generation itself, from which nothing is forked."""
        _listen(None)
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def hear(self, event: str, arguments: tuple[object, ...]) -> None:
        """Take one event of the interpreter's audit; it never fails, which would fail what is audited."""
        if self._busy == get_ident():
            return
        with self._unheard(), suppress(OSError, TypeError, ValueError, AttributeError, RuntimeError):
            self._take(event, arguments)

    @contextmanager
    def _unheard(self) -> Iterator[None]:
        """Do something whose own events are not of interest."""
        self._busy = get_ident()
        try:
            yield
        finally:
            self._busy = None

    def _take(self, event: str, arguments: tuple[object, ...]) -> None:
        match event, arguments:
            case "open", (str() | bytes() | os.PathLike() as path, mode, int(flags)):
                self._opened(os.fsdecode(path), mode, flags)
            case "import", (_, str(file), *_):  # compiled for this machine
                self._opened(file, "r", 0)
            case (("os.listdir" | "os.scandir"), (str() | bytes() | os.PathLike() | None as path,)):
                self._asked_for(os.fsdecode(path or "."))
            case "os.putenv", (name, value):
                self._environment(os.fsdecode(name), os.fsdecode(value))  # type: ignore[arg-type]
            case "os.unsetenv", (name,):
                self._environment(os.fsdecode(name), None)  # type: ignore[arg-type]
            case _ if event in _EFFECTS and (module := self._importer()):
                self.effects.setdefault(module, _EFFECTS[event])

    def _opened(self, path: str, mode: object, flags: int) -> None:
        if path.endswith(".pyc"):
            with suppress(ValueError):
                path = importlib.util.source_from_cache(path)
        path = os.path.abspath(path)  # noqa: PTH100 - links stay links
        if path.startswith((*_SYSTEM, _THIS_PACKAGE)) or (path.startswith(_STANDARD_LIBRARY) and not path.startswith(_SITE)):
            return
        if any(letter in mode for letter in "wax+") if isinstance(mode, str) else flags & _WRITING:
            if path not in self.written and self.own.has(path) and "/__pycache__/" not in path:
                self.tell_written(path)
            self.written.add(path)
            return
        if path not in self.files:
            self.files[path] = fingerprint(path)
        if path.endswith(".py") and self.own.has(path):
            self.own_sources.append(path)

    def _asked_for(self, folder: str) -> None:
        folder = os.path.abspath(folder)  # noqa: PTH100
        frame = _caller()
        caller = "" if frame is None else frame.f_code.co_filename
        if caller.startswith("<frozen importlib"):
            self._looked_in(folder)
        elif caller.startswith(_METADATA):
            self._looked_in(folder)
            self._telling = (*_TELLING, *_DISTRIBUTIONS)
        elif not folder.startswith(_SYSTEM) and folder not in self._listed:
            self._listed[folder] = _listing(folder)

    def _looked_in(self, folder: str) -> None:
        standard = f"{folder}/".startswith(_STANDARD_LIBRARY) and not f"{folder}/".startswith(_SITE)
        if not standard and folder not in self._searched:
            self._searched[folder] = _listing(folder)

    def _environment(self, name: str, value: str | None) -> None:
        if os.environ.get(name) == value:
            return
        self.environment_changed = True
        module = self._importer()
        if module is None:
            return
        if not self.changers:
            self.before_change, self.begun_before_change = frozenset(sys.modules), list(self.names)
        self.changers.setdefault(module)

    def _importer(self) -> str | None:
        """Return the module whose import does this, if it is the application that does it and not a package on its own account.

        Of what the application's functions do at another time, such as its start-up: "".
        """
        own, frame = False, _caller()
        while frame is not None:
            file = frame.f_code.co_filename
            own = own or (self.own.has(file) and not file.startswith(_THIS_PACKAGE))
            if frame.f_code.co_name == "<module>":
                name = str(frame.f_globals.get("__name__", ""))
                return None if not own else "" if is_ours(name) else name
            frame = frame.f_back
        return "" if own else None

    # --- comparing -------------------------------------------------------------------------------------------------------------

    def changed(self) -> list[str]:
        """Return what is not any more as it was read; nothing has to be made again when there is nothing."""
        with self._unheard():
            return self._compare()

    def changed_by_others(self) -> list[str]:
        """Return what has changed and was not written here, as soon as nothing was written in the last moment.

        An editor empties a file before it writes it, or removes it before it puts another in its place.
        """
        written = max(map(_written_at, [*self.files, *self._searched]), default=0.0)
        time.sleep(min(_SAVE_SECONDS, max(0.0, written + _SAVE_SECONDS - time.time())))
        return [path for path in self.changed() if path not in self.written]

    def _compare(self) -> list[str]:
        found = [path for path, before in self.files.items() if fingerprint(path) != before]
        for folder, before in list(self._listed.items()):
            now = _listing(folder, before)
            if now[1] == before[1]:
                self._listed[folder] = now  # such as compiled code: not to be looked at again
            else:
                found.append(folder)
        return found + self._found_elsewhere()

    def _found_elsewhere(self) -> list[str]:
        """Return the files that would be found now instead of others, or that have Python look in more places.

        Files that came or went and that nothing has looked for so far become part of the listing: what looks for them later finds the
        folder as it is now, so it has to be noticed when they come or go again.
        """
        found = []
        wanted = {name.rpartition(".")[2] for name in (*self.names, *sys.modules)}
        for folder, before in list(self._searched.items()):
            now = _listing(folder, before)
            new = [
                f"{folder}/{name}"
                for name in sorted(before[1] ^ now[1])
                if (name.partition(".")[0] in wanted or name.endswith(self._telling)) and not self._has_read(f"{folder}/{name}")
            ]
            if not new:
                self._searched[folder] = now
            found += new
        return found

    def _has_read(self, path: str) -> bool:
        """Check that this is the module that was loaded, even if it was created after the folder was first listed."""
        return any(self.files.get(file) is not None for file in (path, f"{path}/__init__.py"))


def _written_at(path: str) -> float:
    """Return the time at which a file was written last, or its folder was changed when it does not exist."""
    try:
        return os.stat(path).st_mtime  # noqa: PTH116
    except (OSError, ValueError):
        return _written_at(os.path.dirname(path))  # noqa: PTH120


_listener: Inputs | None = None
_installed = False


def _listen(inputs: Inputs | None) -> None:
    global _listener, _installed
    _listener = inputs
    if not _installed:
        _installed = True
        sys.addaudithook(_hook)


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if _listener is not None and event in _HEARD:
        _listener.hear(event, arguments)


_HEARD: frozenset[str] = frozenset({"open", "import", "os.listdir", "os.scandir", "os.putenv", "os.unsetenv", *_EFFECTS})


def _caller() -> FrameType | None:
    """Return the frame that caused the event: the first one that is not of this file."""
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    return frame


_Listing = tuple[int, frozenset[str]]


def _listing(folder: str, before: _Listing | None = None) -> _Listing:
    """Return when the folder was changed last, and the names in it; 0 and none without the folder. An unchanged one is not read again."""
    try:
        changed = os.stat(folder).st_mtime_ns  # noqa: PTH116
    except OSError:
        return 0, frozenset()
    if before is not None and changed == before[0]:
        return before
    recent = time.time_ns() - changed < _TICK_NS  # another change may get the same time
    return -1 if recent else changed, _names(folder)


def _names(folder: str) -> frozenset[str]:
    """Return what lies in the folder, without what tools and editors put there for themselves."""
    try:
        names = os.listdir(folder)  # noqa: PTH208
    except OSError:
        return frozenset()
    return frozenset(name for name in names if not name.startswith(".") and name != "__pycache__" and not name.endswith("~"))
