"""The volume of the stack's database: whether the PostgreSQL of compose.dev.yaml can open what is in it."""

import re
from typing import Final

from cli.doctor.finding import Finding, ok, problem, skipped, warning
from cli.doctor.machine import Machine

NAME: Final = "volume"

_IMAGE: Final = re.compile(r"^\s+image: (postgres:\S+)", re.MULTILINE)
_VERSION: Final = re.compile(r"\d+(\.\d+)?")
#: The same command as in scripts/database_volume.sh, which looks before every start.
_VERSIONS: Final = 'echo "$PG_MAJOR"; shopt -s nullglob; for file in /volume/{,*/,*/*/}PG_VERSION; do cat "$file"; done'
_MOVE: Final = 'move its data with a dump, as docs/troubleshooting.md shows ("A database of another PostgreSQL version")'


def check(machine: Machine) -> list[Finding]:
    """Compare the versions in the volume with the image's, in a container that has the volume read-only."""
    if machine.in_container:
        return [skipped(NAME, "This is a container: volumes are checked on the host")]
    if machine.docker.trouble:
        return [skipped(NAME, "Without a Docker engine, volumes cannot be checked")]
    if machine.is_production:
        return [skipped(NAME, "This .env belongs to production: `make deploy` checks its volume")]
    volume = f"{machine.compose_value('COMPOSE_PROJECT_NAME') or 'draft-queen-development'}_database"
    if machine.docker.ask("volume", "inspect", volume).code != 0:
        return [skipped(NAME, "The stack has no database yet")]
    found = _IMAGE.search((machine.checkout / "compose.dev.yaml").read_text(encoding="utf-8"))
    return [_compare(machine, volume, found.group(1) if found else "postgres")]


def _compare(machine: Machine, volume: str, image: str) -> Finding:
    mount = f"{volume}:/volume:ro"
    options = ("--rm", "--pull", "never", "--network", "none", "--user", "root", "--volume", mount, "--entrypoint", "bash")
    answer = machine.docker.ask("run", *options, image, "-c", _VERSIONS)
    if answer.code != 0:
        return skipped(NAME, f"The image {image} is not on this machine, or does not start: the volume was not checked")
    wanted, *versions = answer.out.split()
    if damaged := [version for version in versions if not _VERSION.fullmatch(version)]:
        return problem(NAME, f"The volume {volume} has a damaged PG_VERSION file ({damaged[0]!r})", "restore the database from a backup")
    others = sorted({version for version in versions if version != wanted}, key=float)
    if not others:
        return ok(NAME, f"The database's volume is empty or has the image's PostgreSQL version, {wanted}")
    if wanted not in versions:
        return problem(NAME, f"The volume {volume} holds a database of PostgreSQL {others[-1]}, which {image} cannot open", _MOVE)
    unused = f"The volume {volume} also holds a database of PostgreSQL {others[-1]}, which is not used"
    return warning(NAME, unused, f"if data are missing, {_MOVE}")
