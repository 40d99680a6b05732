"""``.env``: the variables that Compose reads, and the settings."""

import re
from typing import Final

from app.errors import DraftQueenError
from app.settings import SettingsError, load_settings
from cli.doctor.finding import Finding, ok, problem, skipped, warning
from cli.doctor.machine import Machine
from cli.doctor.ownership import TAKE_BACK
from cli.doctor.ports import is_port

NAME: Final = ".env"
_LINE: Final = re.compile(r"\s*(#.*|(export\s+)?[A-Za-z_][A-Za-z0-9_.]*\s*=.*)?")


def check(machine: Machine) -> list[Finding]:
    """Check the file itself, then the settings, wherever they come from."""
    if machine.in_container and not machine.mounted:
        findings = [skipped(NAME, "This image is configured by its environment alone")]
    elif not machine.env_file.exists() and not machine.in_container and machine.docker.trouble:
        findings = [skipped(NAME, "There is no .env, and `make run` needs none")]
    elif not machine.env_file.exists():
        # `make run` does not need the file, and `make up` creates it: this is not an error.
        findings = [warning(NAME, "There is no .env for the stack", "run `make up`, which writes it")]
    elif machine.is_production:
        findings = [ok(NAME, "This .env belongs to production, not to the development stack")]
    elif not _can_be_read(machine):
        return [problem(NAME, ".env belongs to another user and cannot be read", f"take the checkout back with {TAKE_BACK}")]
    else:
        findings = [*_unreadable(machine), *_incomplete(machine), *_ports(machine)] or [ok(NAME, "All names for the stack are in .env")]
    return [*findings, *_settings(machine)]


def _can_be_read(machine: Machine) -> bool:
    try:
        machine.env_file.open("rb").close()
    except PermissionError:
        return False
    return True


def _unreadable(machine: Machine) -> list[Finding]:
    """Find lines that are neither a value nor a comment: because of one of them, Compose rejects the whole file."""
    text = machine.env_file.read_text(encoding="utf-8-sig", errors="replace")
    odd = [number for number, line in enumerate(text.splitlines(), start=1) if not _LINE.fullmatch(line)]
    if not odd:
        return []
    return [problem(NAME, f"Line {odd[0]} of .env is not of the form NAME=value", "correct it, or put a # before it")]


def _incomplete(machine: Machine) -> list[Finding]:
    empty = [variable.name for variable in machine.compose_variables if not variable.may_be_empty and not machine.env.get(variable.name)]
    if not empty:
        return []
    if machine.without_docker:
        return [skipped(NAME, "Not all names for the stack are in .env, and without Docker they are not used")]
    words = "is" if len(empty) == 1 else "are"
    cure = "take lines without a value out and run `make up`, which completes the file, or see .env.example"
    return [problem(NAME, f"{', '.join(empty)} {words} missing or empty in .env", cure)]


def _ports(machine: Machine) -> list[Finding]:
    findings = []
    names: dict[int, list[str]] = {}
    for variable in machine.compose_variables:
        value = machine.compose_value(variable.name)
        if not variable.is_port:
            continue
        if is_port(value):
            names.setdefault(int(value), []).append(variable.name)
        else:
            findings.append(
                problem(NAME, f"{variable.name} in .env is not a port", f"write a number from 1 to 65535, usually {variable.default}")
            )
    for port, sharing in names.items():
        if len(sharing) > 1:
            findings.append(
                problem(NAME, f"{' and '.join(sharing)} are the same port {port} in .env", f"give {sharing[-1]} another number")
            )
    return findings


def _settings(machine: Machine) -> list[Finding]:
    try:
        load_settings(machine.env_file)
    except SettingsError as error:
        return [problem("settings", f"{found.name} {found.message}", found.cure) for found in error.problems]
    except DraftQueenError as error:
        return [problem("settings", error.message.rstrip("."), (error.cure or "see docs/settings.md").rstrip("."))]
    return [ok("settings", "All settings are valid")]
