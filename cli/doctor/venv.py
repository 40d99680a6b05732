"""The Python environment: the checkout's own on the host, the image's in a container, never the other way round."""

import os
import re
import subprocess
from pathlib import Path
from typing import Final

from cli.doctor.finding import Finding, ok, problem, skipped, warning
from cli.doctor.machine import IMAGE_ENVIRONMENT, Machine

NAME: Final = ".venv"
START_SECONDS: Final = 10.0

_RECREATE: Final = "recreate it with `rm -rf .venv && make install`"


def check(machine: Machine) -> list[Finding]:
    """Check that commands find an environment that works here."""
    venv = machine.checkout / ".venv"
    if machine.in_container:
        return [_in_container(machine, venv)]
    if not venv.is_dir():
        return [warning(NAME, ".venv does not exist", "`make install` creates it")]
    return [_moved(venv) or _broken(venv / "bin" / "python") or ok(NAME, "The environment in .venv works and was made for this folder")]


def _in_container(machine: Machine, venv: Path) -> Finding:
    if not machine.mounted:
        return skipped(NAME, "No checkout is mounted into this container")
    cure = f"unset VIRTUAL_ENV and UV_PROJECT_ENVIRONMENT and put {IMAGE_ENVIRONMENT}/bin first in PATH (as in a new shell)"
    for name in ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT"):
        value = machine.environment.get(name)
        if value and _within(Path(value), venv):
            return problem(NAME, f"{name} names the host's .venv in the mounted checkout", cure)
    for folder in machine.environment.get("PATH", "").split(os.pathsep):
        if folder and _within(Path(folder), IMAGE_ENVIRONMENT):
            break
        if folder and _within(Path(folder), venv):
            return problem(NAME, "PATH leads to the host's .venv in the mounted checkout", cure)
    if _within(machine.prefix, venv):
        return problem(NAME, "This command runs from the host's .venv in the mounted checkout", cure)
    return ok(NAME, f"Commands come from {IMAGE_ENVIRONMENT}")


def _moved(venv: Path) -> Finding | None:
    """Report an environment that was copied or mounted: its commands contain the path for which it was made."""
    for made_for in (_first_line(venv / ".made-for"), _from_command(venv / "pyvenv.cfg")):
        if made_for and not _same(Path(made_for), venv):
            return problem(NAME, f"The environment in .venv was made for {made_for}", _RECREATE)
    return None


def _broken(python: Path) -> Finding | None:
    try:
        ended = subprocess.run(
            [python, "-I", "-c", ""], stdin=subprocess.DEVNULL, capture_output=True, timeout=START_SECONDS, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        return problem(NAME, f"The interpreter of .venv did not start within {START_SECONDS:.0f} s", _RECREATE)
    except FileNotFoundError:
        where = f" ({python.readlink()})" if python.is_symlink() else ""
        return problem(NAME, f"The interpreter of .venv does not exist{where}", _RECREATE)
    except OSError as error:  # made by root with a Python of its own, or for another processor
        return problem(NAME, f"The interpreter of .venv cannot be started ({error.strerror})", _RECREATE)
    return problem(NAME, f"The interpreter of .venv does not start (exit code {ended})", _RECREATE) if ended else None


def _first_line(path: Path) -> str:
    return next(iter(_text(path).splitlines()), "").strip()


def _from_command(path: Path) -> str:
    """Find the folder in ``command = python -m venv … /folder``, which the standard library records but uv does not."""
    found = re.search(r"^command = .* -m venv .*?(/.*)$", _text(path), flags=re.MULTILINE)
    return found.group(1).strip() if found else ""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _same(one: Path, other: Path) -> bool:
    return one == other or (one.exists() and one.samefile(other))


def _within(path: Path, folder: Path) -> bool:
    return path.is_relative_to(folder) or path.resolve().is_relative_to(folder.resolve())
