"""Docker: the client, the engine behind it, and the plugins that the stack needs."""

import re
from typing import Final

from cli.doctor.docker import Docker, Trouble
from cli.doctor.finding import Finding, ok, problem, skipped, warning
from cli.doctor.machine import Machine

NAME: Final = "engine"

OLDEST_ENGINE: Final = (24,)
#: `configs.content` requires 2.23.1; our use of `start_interval` and .env requires 2.24.
OLDEST_COMPOSE: Final = (2, 24)

_MISSING: Final = (
    "Docker is not installed, so containers are not available",
    "work without it (`make run` needs none), or install Docker Engine or Docker Desktop",
)
_TROUBLE: Final[dict[Trouble, tuple[str, str]]] = {
    "hung": (
        "The Docker engine accepts connections but does not respond",
        "restart it (Docker Desktop, or `sudo systemctl restart docker`)",
    ),
    "denied": (
        "You may not use Docker",
        "add yourself to its group (`sudo usermod -aG docker $(id -un)`), then log out and in again",
    ),
    "down": ("The Docker engine does not respond", "start Docker (Docker Desktop, or `sudo systemctl start docker`)"),
}


def check(machine: Machine) -> list[Finding]:
    """Check that the development stack could be started at all."""
    if machine.in_container:
        return [skipped(NAME, "This is a container: Docker is checked on the host")]
    trouble = machine.docker.trouble
    if trouble == "missing":
        return [warning(NAME, *_MISSING)]  # fully supported, with a .env or without: `make run` reads it too
    if trouble == "hung":
        return [_silent(trouble)]
    plugins = [
        _plugin(machine.docker, "compose", "--short", oldest=OLDEST_COMPOSE),
        _plugin(machine.docker, "buildx"),
    ]  # they respond without an engine
    return [_silent(trouble) if trouble else _engine(machine.docker), *plugins]


def _silent(trouble: Trouble) -> Finding:
    message, cure = _TROUBLE[trouble]
    report = warning if trouble == "denied" else problem  # a user without the rights works with `make run`, as one without Docker does
    return report(NAME, message, f"{cure}, or work without it (`make run`)")


def _engine(docker: Docker) -> Finding:
    if older(docker.version, OLDEST_ENGINE):
        return problem(NAME, f"Docker Engine {docker.version} is too old", "install version 24 or newer")
    return ok(NAME, f"Docker Engine {docker.version} answers")


def _plugin(docker: Docker, name: str, *options: str, oldest: tuple[int, ...] = ()) -> Finding:
    answer = docker.ask(name, "version", *options)
    if answer.code is None:
        return problem(NAME, f"`docker {name}` does not respond", f"reinstall the plugin docker-{name}-plugin")
    if answer.code != 0:
        cure = f"install its plugin (docker-{name}-plugin; in Debian's own packages docker-{name})"
        return problem(NAME, f"Docker has no `{name}` command", cure)
    found = re.search(r"\d+\.\d+(\.\d+)?", answer.out)
    version = found.group() if found else "of an unnamed version"
    if older(version, oldest):
        cure = f"install version {'.'.join(map(str, oldest))} or newer (docker-{name}-plugin)"
        return problem(NAME, f"Docker {name.capitalize()} {version} is too old", cure)
    return ok(NAME, f"Docker {name.capitalize()} {version} is installed")


def older(version: str, than: tuple[int, ...]) -> bool:
    """Check whether a version comes before another. A version without numbers (a custom build) does not count as older."""
    found = re.match(r"v?(\d+(?:\.\d+)*)", version)
    return found is not None and tuple(map(int, found.group(1).split("."))) < than
