"""Whether the kernel announces edits in the checkout: hot reload lives on that."""

from __future__ import annotations

import ctypes
import errno
import os
import select
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cli.doctor.finding import Finding, ok, problem, skipped, warning
from cli.doctor.machine import Machine
from cli.doctor.scratch import scratch

NAME: Final = "inotify"

EVENT_SECONDS: Final = 2.0
LIMITS: Final = Path("/proc/sys/fs/inotify")
#: What an editor, a test watcher and a hot reload use together.
LEAST: Final = {"max_user_watches": (8192, 524_288), "max_user_instances": (128, 512)}

#: File systems whose other side edits files without telling this kernel.
SILENT: Final = frozenset({"9p", "drvfs", "cifs", "smb3", "nfs", "nfs4", "vboxsf", "prl_fs", "fuse.vmhgfs-fuse", "fuse.sshfs"})

_MOVE: Final = "keep the checkout on a native file system (in WSL under the Linux home), else set WATCHFILES_FORCE_POLLING=1"
_CLOSE_WRITE: Final = 0x8


def check(machine: Machine) -> list[Finding]:
    """Watch a folder of the checkout, write into it, and wait for the event."""
    if sys.platform != "linux":
        return [skipped(NAME, "This system announces edits by other means than inotify")]
    if machine.in_container and not machine.mounted:
        return [skipped(NAME, "No checkout is mounted into this container")]
    return [_event(machine), *limits(LIMITS)]


def _event(machine: Machine) -> Finding:
    polling = machine.environment.get("WATCHFILES_FORCE_POLLING", "").lower() in ("1", "true")
    try:
        with scratch(machine.checkout) as folder:
            heard = announces(folder)
    except OSError as error:
        return _refused(error)
    if polling:
        return ok(NAME, "Hot reload polls, as WATCHFILES_FORCE_POLLING says")
    if not heard:
        return problem(NAME, f"An edit in the checkout is not announced within {EVENT_SECONDS:.0f} s, so hot reload does not see it", _MOVE)
    kind = file_system(machine.checkout)
    if kind in SILENT:
        return warning(NAME, f"The checkout lies on a {kind} mount, which does not announce edits made on its other side", _MOVE)
    return ok(NAME, "An edit in the checkout is announced at once")


def _refused(error: OSError) -> Finding:
    if error.errno == errno.EMFILE:
        return problem(
            NAME, "All inotify instances of this user are in use", "allow more with `sudo sysctl fs.inotify.max_user_instances=512`"
        )
    if error.errno == errno.ENOSPC:
        cure = "allow more with `sudo sysctl fs.inotify.max_user_watches=524288`, or make room on a full disk"
        return problem(NAME, "No further folder can be watched", cure)
    return skipped(NAME, f"Nothing can be written into the checkout ({error.strerror})")


def write(folder: Path) -> None:
    """An edit."""
    (folder / "edit").write_text("edited\n", encoding="utf-8")


def announces(folder: Path, edit: Callable[[Path], None] = write, seconds: float = EVENT_SECONDS) -> bool:
    """Whether an edit in the folder is announced in time. Raises OSError when the kernel gives no watch."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if descriptor < 0:
        raise _last_error()
    try:
        if libc.inotify_add_watch(descriptor, os.fsencode(folder), ctypes.c_uint32(_CLOSE_WRITE)) < 0:
            raise _last_error()
        edit(folder)
        waiting = select.poll()
        waiting.register(descriptor, select.POLLIN)
        return bool(waiting.poll(seconds * 1000))
    finally:
        os.close(descriptor)


def _last_error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))


def limits(folder: Path) -> list[Finding]:
    """What the kernel allows one user, where that is too little for a day's work."""
    findings = []
    for name, (least, better) in LEAST.items():
        try:
            allowed = int((folder / name).read_text())
        except OSError:
            continue  # not told to containers of some engines
        if allowed < least:
            message = f"The kernel allows one user only {allowed} for fs.inotify.{name}"
            findings.append(warning(NAME, message, f"allow more with `sudo sysctl fs.inotify.{name}={better}`"))
    return findings


def file_system(folder: Path, mounts: Path = Path("/proc/self/mountinfo")) -> str | None:
    """The kind of file system a folder lies on, in the kernel's word; None when the kernel does not tell."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    place = folder.resolve()
    best, kind = -1, None
    for line in lines:  # 36 35 98:0 /root /mount/point options … - type source options
        fields, _, rest = line.partition(" - ")
        point = fields.split()[4].replace("\\040", " ")
        if place.is_relative_to(point) and len(point) >= best:  # a later mount covers an earlier one
            best, kind = len(point), rest.split()[0]
    return kind
