"""How hot reload detects edits in the checkout: by file events, or by polling."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final, NamedTuple

from app.settings import CHECKOUT
from cli.doctor.finding import Finding, ok, problem, skipped, warning
from cli.doctor.machine import Machine
from cli.serve.loop import why_no_loop

NAME: Final = "inotify"

LIMITS: Final = Path("/proc/sys/fs/inotify")
#: The watches that an editor, a test watcher and a hot reload use together.
LEAST: Final = {"max_user_watches": (8192, 524_288), "max_user_instances": (128, 512)}

_SECONDS: Final = 10.0
_MOVE: Final = "polling takes processor time; keep the checkout on a native file system (in WSL under the Linux home)"


class Watching(NamedTuple):
    """The development loop's own decision, and the reason if file events are unreliable here."""

    polling: bool
    reason: str | None
    silent: str | None


def check(machine: Machine) -> list[Finding]:
    """Let the development loop decide how it would find edits in the checkout."""
    if sys.platform != "linux":
        return [skipped(NAME, "This system reports edits by other means than inotify")]
    if machine.in_container and not machine.mounted:
        return [skipped(NAME, "No checkout is mounted into this container")]
    if why := why_no_loop():
        return [skipped(NAME, f"Hot reload does not use file events here: {why}"), *limits(LIMITS)]
    try:
        found = _finding(watching(machine))
    except subprocess.SubprocessError as error:
        found = warning(NAME, f"The development loop does not say how it finds edits ({error})", "`make run` shows why it does not start")
    return [found, *limits(LIMITS)]


def watching(machine: Machine) -> Watching:
    """Run the loop as a program: production images do not contain it, so it is never imported."""
    polling = (machine.environment.get("POLLING") or machine.env.get("POLLING") or "auto").lower()
    if polling not in ("auto", "on", "off"):
        polling = "auto"  # the check of .env reports it
    folders = [folder for name in ("app", "pipeline") if (folder := machine.checkout / name).is_dir()]
    command = [sys.executable, "-m", "devloop.polling", "--polling", polling, *map(str, folders or [machine.checkout])]
    done = subprocess.run(
        command, cwd=CHECKOUT, env=dict(machine.environment), capture_output=True, text=True, timeout=_SECONDS, check=True
    )
    return Watching(**json.loads(done.stdout))


def _finding(found: Watching) -> Finding:
    if found.silent is None:
        return ok(NAME, f"Hot reload polls: {found.reason}" if found.polling else "Edits in the checkout are reported by file events")
    if not found.polling:
        fix = "set POLLING=auto, and unset WATCHFILES_FORCE_POLLING"
        return problem(NAME, f"Hot reload does not notice edits: {found.reason}, but {found.silent}", fix)
    return warning(NAME, f"Hot reload polls: {found.reason}", _fix(found.silent))


def _fix(silent: str) -> str:
    for name, (_, better) in LEAST.items():
        if name in silent:
            return f"allow more with `sudo sysctl fs.inotify.{name}={better}`"
    return _MOVE


def limits(folder: Path) -> list[Finding]:
    """Warn of limits of the kernel that are too low for a day's work."""
    findings = []
    for name, (least, better) in LEAST.items():
        try:
            allowed = int((folder / name).read_text())
        except OSError:
            continue  # some engines hide them from containers
        if allowed < least:
            message = f"The kernel allows one user only {allowed} for fs.inotify.{name}"
            findings.append(warning(NAME, message, f"allow more with `sudo sysctl fs.inotify.{name}={better}`"))
    return findings
