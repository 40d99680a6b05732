"""Backups as an operator sees them: what is listed, what a round says, files in the volume."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.containers.production import Production
from tests.containers.stack import wait_until

#: Whatever byte is there, it is another one afterwards; and a second time the old one again.
_FLIP = """
f=$1; at=${2:-$(($(stat -c %s "$f") / 2))}; old=$(od -An -tu1 -j "$at" -N 1 "$f")
printf "\\\\x$(printf %x $((old ^ 1)))" | dd of="$f" bs=1 seek="$at" conv=notrunc status=none
"""


@dataclass(frozen=True)
class Listed:
    """One line of `make backups`."""

    name: str
    state: str

    @property
    def verified(self) -> bool:
        return self.state.startswith("verified ")


def listed(production: Production) -> list[Listed]:
    """Every backup, the newest first."""
    text = production.make("backups").stdout
    found = re.findall(r"^(\d{8}T\d{6}Z) .*?(verified \S+ \S+|PROBLEM: .*|being verified.*)$", text, re.MULTILINE)
    return [Listed(*one) for one in found]


def verified(production: Production) -> list[str]:
    """Names of those that are, the newest first."""
    return [one.name for one in listed(production) if one.verified]


def wait_for_a_verified_one(production: Production, seconds: float = 180) -> float:
    """The service makes one by itself."""
    return wait_until(lambda: bool(verified(production)), seconds, "a verified backup")


def state_of(production: Production, name: str) -> str:
    """What the list says of one."""
    return next(one.state for one in listed(production) if one.name == name)


def inside(production: Production, script: str, *arguments: str, check: bool = True) -> str:
    """A script in the container of the backups."""
    return production.execute("backup", "bash", "-euo", "pipefail", "-c", script, "script", *arguments, check=check).stdout.strip()


def flip(production: Production, path: str, at: int | None = None) -> None:
    """Change one bit of a file, in its middle if not said where; a second time changes it back."""
    inside(production, _FLIP, path, *([] if at is None else [str(at)]))


def field(production: Production, name: str, key: str) -> str:
    """A value of a backup's record."""
    return inside(production, f"sed -n 's/^{key}=//p' /backups/{name}/record")


def chain(production: Production) -> str:
    """The folder of the log that is being received."""
    return inside(production, "echo /backups/wal/$(cat /backups/wal/current)")


def numbers(production: Production) -> dict[str, float]:
    """The backups' numbers in /metrics of one API."""
    code = "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:8000/metrics').read().decode())"
    lines = [line.split() for line in production.execute("api", "python", "-c", code).stdout.splitlines() if line.startswith("dq_backup")]
    return {name: float(value) for name, value in lines}


def readiness(production: Production) -> tuple[bool, str]:
    """What readiness says of the backups; it is ready whatever that is."""
    answer = production.ask("/health/ready")
    assert answer.status == 200
    check = answer.document["checks"]["backup"]
    return check["ok"], check["detail"]
