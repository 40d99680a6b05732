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
from typing import NamedTuple, NoReturn

from app.process import ending_with

DATABASE = "draft_queen"
PORT = 5432  # only names the socket file; the server does not listen on TCP
START_SECONDS = 90.0  # crash recovery of a full WAL on a slow disk fits in
STOP_SECONDS = 60.0
RESTARTS = 5  # of a server that dies under its users, within one life of the keeper


class KeeperError(Exception):
    """One sentence that says why the server cannot run and what cures it."""


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


def _spawn(plan: Plan, arguments: list[str], death_signal: signal.Signals, text: str = "") -> subprocess.Popen[bytes]:
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
                preexec_fn=ending_with(os.getpid(), death_signal),
            )
        except OSError as error:
            raise KeeperError(
                f"The PostgreSQL program {arguments[0]} cannot run on this machine ({error.strerror}): "
                "set DATABASE_URL to a PostgreSQL 18 server instead."
            ) from error


def _log_since(plan: Plan, offset: int) -> str:
    with plan.log.open("rb") as log:
        log.seek(offset)
        return log.read()[-20_000:].decode(errors="replace")


_FULL_BYTES = 64 << 20  # a new cluster takes about that; initdb has removed its attempt by now


def _explain(plan: Plan, said: str, what: str) -> KeeperError:
    """Turn the output of a failed PostgreSQL program into one error message with what to do."""
    full = shutil.disk_usage(plan.base).free < _FULL_BYTES  # then the log, too, may lack the words
    if full or "No space left on device" in said or "Disk quota exceeded" in said:
        return KeeperError(f"The disk that holds {plan.base} is full: free some space (100 MB is enough to start), then start again.")
    if versions := re.search(r"initialized by PostgreSQL version (\S+), which is not compatible with this version ([^\s.]+)", said):
        return KeeperError(
            f"{plan.cluster} was written by PostgreSQL {versions[1]} and this is PostgreSQL {versions[2]}: "
            "dump it with the old version, or move the folder away to start empty."
        )
    reasons = re.findall(r"(?:FATAL|PANIC|initdb: error|error while loading shared libraries):\s*(.+)", said)
    if any("ermission denied" in reason for reason in reasons):
        return KeeperError(
            f"PostgreSQL may not use {plan.base} ({reasons[-1]}): give the folder back to the user that runs this, or set DATA_DIR."
        )
    reason = reasons[-1] if reasons else (said.strip().splitlines() or ["no error message"])[-1]
    return KeeperError(f"{what}: {reason} (its whole output is in {plan.log}).")


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


def processes_of(cluster: Path) -> list[int]:
    """Return the running processes of the server of this data directory.

    The number in postmaster.pid proves nothing: it may belong to a zombie, or to a stranger that got the number since. What is read
    here may be read without privileges, which root in a container does not have.
    """
    found: list[int] = []
    if not cluster.exists():
        return found
    owner = cluster.stat().st_uid
    marks = (b"\0-D\0" + os.fsencode(cluster) + b"\0", f"postgres: {cluster_name(cluster)}: ".encode())
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # gone in the meantime
            # a zombie has no command line; a stranger's name is not postgres
            if entry.stat().st_uid != owner or (entry / "comm").read_bytes() != b"postgres\n":
                continue
            command = (entry / "cmdline").read_bytes()
            if any(mark in command for mark in marks):
                found.append(int(entry.name))
    return found


def clear_leftovers(plan: Plan) -> None:
    """Stop what a killed keeper or server left behind; committed rows are in the WAL. Only the holder of the keeper's lock may do this."""
    for number, patience in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        deadline = time.monotonic() + patience
        left = processes_of(plan.cluster)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        while left and time.monotonic() < deadline:
            time.sleep(0.01)
            left = processes_of(plan.cluster)
        if not left:
            break
    else:
        raise KeeperError(f"An older PostgreSQL server still runs in {plan.cluster} and cannot be stopped: end it, then start again.")
    if sys.platform == "linux":  # elsewhere there is no /proc to prove it, and PostgreSQL's own check of the number has to do
        (plan.cluster / "postmaster.pid").unlink(missing_ok=True)
        for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
            Path(plan.socket_directory, name).unlink(missing_ok=True)


def launch(plan: Plan, attempts: int = 3) -> subprocess.Popen[bytes]:
    """Start the server and return when it accepts connections."""
    clear_leftovers(plan)
    offset = plan.log.stat().st_size if plan.log.exists() else 0
    options = [f"--{name}={value}" for name, value in plan.options.items()]
    socket_directory = '"' + plan.socket_directory.replace('"', '""') + '"'  # the setting is a list
    where = [f"--unix_socket_directories={socket_directory}", "--listen_addresses=", f"--port={PORT}"]
    name = f"--cluster_name={cluster_name(plan.cluster)}"
    server = _spawn(plan, [_tool(plan, "postgres"), "-D", str(plan.cluster), *where, name, *options], signal.SIGINT)
    deadline = time.monotonic() + START_SECONDS
    while not is_ready(plan):
        if (status := server.poll()) is not None:
            if status < 0 and attempts > 1:  # it was killed from outside, which says nothing about its health
                return launch(plan, attempts - 1)
            raise _explain(plan, _log_since(plan, offset), "PostgreSQL did not start")
        if time.monotonic() > deadline:
            server.send_signal(signal.SIGQUIT)
            server.wait()
            raise KeeperError(f"PostgreSQL did not respond within {START_SECONDS:.0f} seconds: see {plan.log}.")
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
            raise KeeperError(f"{self.plan.cluster} is not a complete database cluster: move the folder away, then start again.")
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
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _report("busy")
        os._exit(0)
    keeper = Keeper(plan)
    signal.signal(signal.SIGTERM, lambda *_: keeper.stop())
    try:
        made = keeper.prepare()
        server = keeper.launch()
    except KeeperError as error:
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
    except (KeeperError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        status = 1
    lock.close()  # before users.lock, so that a process waiting for that one can become the keeper
    os._exit(status)
