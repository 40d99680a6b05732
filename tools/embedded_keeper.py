"""The process that owns an embedded PostgreSQL server for as long as anybody uses it.

Runs as a program of its own (`python -S -m tools.embedded_keeper <Plan as JSON>`), started by tools.embedded, and therefore imports nothing
that has to be installed. It holds `keeper.lock`, makes the cluster when there is none, starts the server as its child, says one line on
stdout ("ready" or "error <sentence>"), and then waits for the exclusive lock on `users.lock`. Every user of the server holds that file
with a shared lock, which the kernel drops when the process ends in whatever way. So when the keeper gets the lock, no user is
left, and it shuts the server down. A server that dies while it has users is started again.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from pathlib import Path
from typing import IO, NamedTuple, NoReturn

from app.errors import DraftQueenError
from app.process import ending_with

DATABASE = "draft_queen"
PORT = 5432  # only names the socket file; the server does not listen on TCP
START_SECONDS = 90.0  # crash recovery of a full WAL on a slow disk fits in
STOP_SECONDS = 60.0
RESTARTS = 5  # of a server that dies under its users, within one life of the keeper


class EmbeddedPostgresError(DraftQueenError):
    """The embedded server cannot run; the text says why and what to do."""


class Plan(NamedTuple):
    """Where everything lies. `owner` is (uid, gid) of the server process when we are root, else None."""

    binaries: str
    base: str
    socket_directory: str
    owner: tuple[int, int] | None
    options: dict[str, str]

    @property
    def cluster(self) -> Path:
        """PostgreSQL's data directory."""
        return Path(self.base, "cluster")

    @property
    def log(self) -> Path:
        """What the server and initdb say."""
        return Path(self.base, "server.log")

    @property
    def users_lock(self) -> Path:
        """Held shared by users, exclusively by a keeper that shuts down."""
        return Path(self.base, "users.lock")

    @property
    def keeper_lock(self) -> Path:
        """Held exclusively by the keeper for its whole life."""
        return Path(self.base, "keeper.lock")

    @property
    def server_lock(self) -> Path:
        """Held by every process of the server."""
        return Path(self.base, "server.lock")


def try_lock(file: IO[bytes], kind: int) -> bool:
    """Take the lock, or return False when another process holds it."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def take_lock(path: Path, kind: int, seconds: float) -> IO[bytes]:
    """Take the lock, waiting while another process holds it. Closing the file releases it."""
    file = path.open("ab")  # the caller closes it
    deadline = time.monotonic() + seconds
    while not try_lock(file, kind):
        if time.monotonic() > deadline:
            file.close()
            raise EmbeddedPostgresError(f"{path} stayed locked for {seconds:.0f} seconds: end the process that holds it.")
        time.sleep(0.01)
    return file


# --- the cluster -------------------------------------------------------------------------------------------------------------


def _tool(plan: Plan, name: str) -> str:
    return f"{plan.binaries}/{name}"


def is_ready(plan: Plan) -> bool:
    """Check that the server accepts connections, which ``pg_isready`` finds out in a few milliseconds."""
    where = ["-h", plan.socket_directory, "-p", str(PORT), "-U", "postgres", "-d", DATABASE]
    try:
        return subprocess.run([_tool(plan, "pg_isready"), "-q", *where], env=_child_environment(), check=False).returncode == 0
    except OSError:  # the start of the server reports why its programs cannot run here
        return False


def _child_environment() -> dict[str, str]:
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _spawn(
    plan: Plan, arguments: list[str], death_signal: signal.Signals, text: str = "", inherited: tuple[int, ...] = ()
) -> subprocess.Popen[bytes]:
    """Start a PostgreSQL program as the server's owner, which reads `text`; it gets `death_signal` should this process die."""
    uid, gid = plan.owner or (None, None)
    with plan.log.open("ab") as log, tempfile.TemporaryFile() as statements:
        statements.write(text.encode())
        statements.seek(0)
        try:
            return subprocess.Popen(
                arguments,
                stdin=statements,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_child_environment(),
                user=uid,
                group=gid,
                extra_groups=None if uid is None else [],
                umask=0o077,
                pass_fds=inherited,
                preexec_fn=ending_with(os.getpid(), death_signal),
            )
        except OSError as error:
            raise EmbeddedPostgresError(
                f"The PostgreSQL program {arguments[0]} cannot run on this machine ({error.strerror}): "
                "set DATABASE_URL to a PostgreSQL 18 server instead."
            ) from error


def _log_since(plan: Plan, offset: int) -> str:
    with plan.log.open("rb") as log:
        log.seek(offset)
        return log.read()[-20_000:].decode(errors="replace")


_FULL_BYTES = 64 << 20  # a new cluster takes about that; initdb has removed its attempt by now


def _explain(plan: Plan, said: str, what: str) -> EmbeddedPostgresError:
    """Turn the output of a failed PostgreSQL program into one error message with what to do."""
    full = shutil.disk_usage(plan.base).free < _FULL_BYTES  # then the log, too, may lack the words
    if full or "No space left on device" in said or "Disk quota exceeded" in said:
        return EmbeddedPostgresError(
            f"The disk that holds {plan.base} is full: free some space (100 MB is enough to start), then start again."
        )
    if versions := re.search(r"initialized by PostgreSQL version (\S+), which is not compatible with this version ([^\s.]+)", said):
        return EmbeddedPostgresError(
            f"{plan.cluster} was written by PostgreSQL {versions[1]} and this is PostgreSQL {versions[2]}: "
            "dump it with the old version, or move the folder away to start empty."
        )
    reasons = re.findall(r"(?:FATAL|PANIC|initdb: error|error while loading shared libraries):\s*(.+)", said)
    if any("ermission denied" in reason for reason in reasons):
        return EmbeddedPostgresError(
            f"PostgreSQL may not use {plan.base} ({reasons[-1]}): give the folder back to the user that runs this, or set DATA_DIR."
        )
    reason = reasons[-1] if reasons else (said.strip().splitlines() or ["no error message"])[-1]
    return EmbeddedPostgresError(f"{what}: {reason} (its whole output is in {plan.log}).")


def make_cluster(plan: Plan) -> None:
    """Create the cluster under another name and rename it when complete, so that a kill never leaves an incomplete one."""
    for abandoned in Path(plan.base).glob("cluster.new-*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    new = Path(plan.base, f"cluster.new-{os.getpid()}")
    new.mkdir(mode=0o700)
    if plan.owner:
        os.chown(new, *plan.owner)
    offset = plan.log.stat().st_size if plan.log.exists() else 0
    locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"]
    safety = ["--auth=trust", "--no-sync", "--no-instructions"]  # trust: the socket's folder is 0700; synced once the server answers
    initdb = _spawn(plan, [_tool(plan, "initdb"), "-D", str(new), "-U", "postgres", *locale, *safety], signal.SIGKILL)
    # The server by itself, which reads statements from its standard input.
    alone = [_tool(plan, "postgres"), "--single", "-F", "-D", str(new), "-c", "exit_on_error=on", "postgres"]
    if initdb.wait() != 0 or _spawn(plan, alone, signal.SIGKILL, f"create database {DATABASE}\n").wait() != 0:
        error = _explain(plan, _log_since(plan, offset), "The database cluster could not be made")  # before space is free again
        shutil.rmtree(new, ignore_errors=True)
        raise error
    new.rename(plan.cluster)


def cluster_name(cluster: Path) -> str:
    """Return the name of this data directory's server, which PostgreSQL shows in the titles of its processes."""
    return f"draft-queen-{zlib.crc32(os.fsencode(cluster)):08x}"


def lock_server(plan: Plan) -> IO[bytes]:
    """Take the lock that all processes of a server inherit, so that none of an earlier one is left, and remove what that one recorded.

    The number in postmaster.pid proves nothing: it may belong to a zombie, or to a stranger that got the number since. Committed rows are
    in the WAL.
    """
    lock = take_lock(plan.server_lock, fcntl.LOCK_EX, STOP_SECONDS)  # the kernel told that server to shut down when its keeper ended
    (plan.cluster / "postmaster.pid").unlink(missing_ok=True)
    for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
        Path(plan.socket_directory, name).unlink(missing_ok=True)
    return lock


def launch(plan: Plan, attempts: int = 3) -> subprocess.Popen[bytes]:
    """Start the server and return when it accepts connections."""
    offset = plan.log.stat().st_size if plan.log.exists() else 0
    options = [f"--{name}={value}" for name, value in plan.options.items()]
    socket_directory = '"' + plan.socket_directory.replace('"', '""') + '"'  # the setting is a list
    where = [f"--unix_socket_directories={socket_directory}", "--listen_addresses=", f"--port={PORT}"]
    name = f"--cluster_name={cluster_name(plan.cluster)}"
    arguments = [_tool(plan, "postgres"), "-D", str(plan.cluster), *where, name, *options]
    with lock_server(plan) as lock:
        server = _spawn(plan, arguments, signal.SIGINT, inherited=(lock.fileno(),))
    deadline = time.monotonic() + START_SECONDS
    while not is_ready(plan):
        if (status := server.poll()) is not None:
            if status < 0 and attempts > 1:  # it was killed from outside, which says nothing about its health
                return launch(plan, attempts - 1)
            raise _explain(plan, _log_since(plan, offset), "PostgreSQL did not start")
        if time.monotonic() > deadline:
            server.send_signal(signal.SIGQUIT)
            server.wait()
            raise EmbeddedPostgresError(f"PostgreSQL did not respond within {START_SECONDS:.0f} seconds: see {plan.log}.")
        time.sleep(0.01)
    return server


# --- the keeper --------------------------------------------------------------------------------------------------------------


class Keeper:
    """Waits for the last user to leave, and for the server to die, whichever comes first."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.stopping = False
        self.server: subprocess.Popen[bytes] | None = None
        self.users = plan.users_lock.open("ab")

    def prepare(self) -> bool:
        """Create the cluster if it does not exist, and return whether it did."""
        if self.plan.log.exists() and self.plan.log.stat().st_size > 4_000_000:
            self.plan.log.replace(f"{self.plan.log}.1")
        if (self.plan.cluster / "PG_VERSION").exists():
            return False
        if self.plan.cluster.exists() and any(self.plan.cluster.iterdir()):
            raise EmbeddedPostgresError(f"{self.plan.cluster} is not a complete database cluster: move the folder away, then start again.")
        make_cluster(self.plan)
        return True

    def launch(self) -> subprocess.Popen[bytes]:
        """Start the server, even if the last user has left in the meantime: it then stops again."""
        self.server = launch(self.plan)
        if self.stopping:
            self.stop()
        return self.server

    def stop(self) -> None:
        """Request a fast shutdown; ``watch`` sees the server end."""
        self.stopping = True
        if self.server is not None:
            self.server.send_signal(signal.SIGINT)

    def stop_when_unused(self) -> None:
        """Block, in a thread, until the server has no users. The lock is kept until this process ends."""
        fcntl.flock(self.users, fcntl.LOCK_EX)
        self.stop()

    def watch(self, server: subprocess.Popen[bytes]) -> None:
        """Return when the server has stopped for good."""
        for _ in range(RESTARTS):
            while server.poll() is None:
                impatient = self.stopping
                try:
                    server.wait(STOP_SECONDS if impatient else 1.0)
                except subprocess.TimeoutExpired:
                    if impatient:
                        server.send_signal(signal.SIGQUIT)  # the rows are in the WAL; the next start recovers
            if self.stopping:
                return
            server = self.launch()


def _report(line: str) -> None:
    with contextlib.suppress(OSError):  # the starter may be gone; users.lock tells what to do then
        os.write(1, line.encode() + b"\n")
    quiet = os.open(os.devnull, os.O_RDWR)
    os.dup2(quiet, 1)


def main() -> NoReturn:
    """Detach, then supervise the server. Exit with status 0 once it has no users."""
    if os.fork():
        os._exit(0)  # the starter reaps this one at once and never has the keeper as a child
    values = json.loads(sys.argv[1])
    plan = Plan(**{**values, "owner": tuple(values["owner"]) if values["owner"] else None})
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    lock = plan.keeper_lock.open("ab")
    if not try_lock(lock, fcntl.LOCK_EX):
        _report("busy")
        os._exit(0)
    keeper = Keeper(plan)
    signal.signal(signal.SIGTERM, lambda *_: keeper.stop())
    try:
        made = keeper.prepare()
        server = keeper.launch()
    except EmbeddedPostgresError as error:
        _report(f"error {error}")
        os._exit(1)
    except OSError as error:
        _report(f"error The embedded PostgreSQL cannot use {error.filename or plan.base}: {error.strerror}.")
        os._exit(1)
    _report("ready")
    threading.Thread(target=keeper.stop_when_unused, daemon=True).start()
    status = 0
    try:
        if made:
            _spawn(plan, [_tool(plan, "initdb"), "--sync-only", "-D", str(plan.cluster)], signal.SIGKILL).wait()
        keeper.watch(server)
    except (EmbeddedPostgresError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        status = 1
    lock.close()  # before users.lock, so that a process waiting for that one can become the keeper
    os._exit(status)
