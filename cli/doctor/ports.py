"""The ports that the stack publishes on this machine, and the programs that already use them.

No connection is made, because a debugger's port does not tolerate a bare one. A port is tested by binding it, without listening.
"""

import errno
import socket
from pathlib import Path
from typing import Final

from cli.doctor.docker import Container
from cli.doctor.finding import Finding, ok, problem, skipped, warning
from cli.doctor.machine import Machine
from cli.serve.port import holder_of, served_from

NAME: Final = "ports"

#: Of the profile `tools`: a plain start does without them.
OPTIONAL: Final = frozenset({"REDIS_COMMANDER_PORT", "ADMINER_PORT"})

_PROXY: Final = "docker-proxy"


def check(machine: Machine) -> list[Finding]:
    """Report each port that another program uses, and all the others in one finding."""
    if machine.in_container:
        return [skipped(NAME, "This is a container: published ports are checked on the host")]
    containers = machine.docker.containers() or []
    findings: list[Finding] = []
    free: list[int] = []
    own: list[int] = []
    served: list[int] = []
    for variable in machine.compose_variables:
        value = machine.compose_value(variable.name)
        if not variable.is_port or not is_port(value):
            continue  # the check of .env reports invalid ports
        port = int(value)
        publishers = [container for container in containers if port in container.ports]
        if publishers and all(is_own(machine, container) for container in publishers):
            own.append(port)
        elif not publishers and not taken(port):
            free.append(port)
        elif not publishers and served_from(machine.checkout, port):
            served.append(port)
        else:
            findings.append(_finding(machine, variable.name, port, publishers))
    said = ((own, "of this stack"), (served, "of this checkout's `make run`"), (free, "free"))
    parts = [f"{_listed(ports)} {word}" for ports, word in said if ports]
    if parts:
        findings.insert(0, ok(NAME, f"Ports: {', '.join(parts)}"))
    return findings


def _listed(ports: list[int]) -> str:
    return " ".join(map(str, ports))


def _finding(machine: Machine, name: str, port: int, publishers: list[Container]) -> Finding:
    foreign = next((container for container in publishers if not is_own(machine, container)), None)
    if foreign:
        holder = f"container {foreign.name}" + (f" (stack of {foreign.folder})" if foreign.folder else "")
        stop = f"stop it (`docker stop {foreign.name}`)"
    else:
        found = holder_of(port)
        if machine.docker.trouble not in (None, "missing") and (found is None or found.startswith(_PROXY)):
            cure = "fix the Docker engine first, then run `dq doctor` again"
            return warning(NAME, f"Port {port} ({name}) is taken, perhaps by this stack itself, but Docker does not respond", cure)
        holder = found or "a program that you cannot see (`sudo ss -ltnp` names it)"
        stop = "stop it"
    from tools.compose_variables import MOST_INSTANCES

    instance = machine.compose_value("INSTANCE")
    following = int(instance) % MOST_INSTANCES + 1 if instance.isdecimal() else 2
    alongside = "" if machine.without_docker else f"or start another instance (`make up INSTANCE={following}`), "
    cure = f"{stop}, {alongside}or choose another number for {name} in .env"
    return (warning if name in OPTIONAL or machine.without_docker else problem)(NAME, f"Port {port} ({name}) is taken by {holder}", cure)


def is_port(value: str) -> bool:
    """Check that Compose would accept the value as a port."""
    return value.isascii() and value.isdecimal() and 0 < int(value) < 65536


def is_own(machine: Machine, container: Container) -> bool:
    """Check that the container belongs to the stack of this checkout, and not to one of the same name elsewhere."""
    if container.project != machine.compose_value("COMPOSE_PROJECT_NAME"):
        return False
    # Docker Desktop may name the folder as its own machine sees it; that one does not exist here.
    folder = Path(container.folder) if container.folder else None
    return folder is None or not folder.is_dir() or folder.samefile(machine.checkout)


def taken(port: int) -> bool:
    """Check whether any program listens where the stack would: on 127.0.0.1, or on every address (0.0.0.0, ::)."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except PermissionError:
            return False  # below 1024 and not root: Docker may, and says so itself if it may not
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return True
            raise
    return False
