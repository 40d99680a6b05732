"""The machine under examination: checkout, user, environment, in a container or not. Tests construct other ones."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dotenv import dotenv_values

from app.settings import CHECKOUT
from cli.doctor.docker import Docker

if TYPE_CHECKING:
    from tools.compose_variables import ComposeVariable

IMAGE_ENVIRONMENT = Path("/opt/venv")
"""Where our images have the packages."""

PRODUCTION_SIGNS: Final = frozenset({"BIND_ADDRESS", "HTTP_PORT", "HTTPS_PORT", "SECRETS_DIR", "IMAGE_TAG", "IMAGE_PREFIX", "PULL_POLICY"})
"""Names that only an operator sets. ``scripts/stack_env.sh`` has the same list."""


@dataclass(frozen=True)
class Machine:
    """Everything a check may depend on. ``in_container``: in one of our own images; ``mounted``: in the one for development."""

    checkout: Path
    environment: Mapping[str, str]
    uid: int
    gid: int
    prefix: Path
    in_container: bool = False
    mounted: bool = False

    @classmethod
    def here(cls) -> Machine:
        """Return this process's own machine. A container that does not run one of our images counts as a host."""
        mounted = bool(os.environ.get("DRAFT_QUEEN_CONTAINER"))
        return cls(
            checkout=CHECKOUT,
            environment=os.environ,
            uid=os.getuid(),
            gid=os.getgid(),
            prefix=Path(sys.prefix),
            in_container=mounted or (Path("/.dockerenv").exists() and IMAGE_ENVIRONMENT.is_dir()),
            mounted=mounted,
        )

    @cached_property
    def docker(self) -> Docker:
        """The Docker client on this machine's PATH."""
        return Docker(self.environment)

    @property
    def without_docker(self) -> bool:
        """Whether this is a host without Docker, where only `make run` works."""
        return not self.in_container and self.docker.trouble == "missing"

    @property
    def env_file(self) -> Path:
        """The file that both compose and the settings read."""
        return self.checkout / ".env"

    @cached_property
    def env(self) -> dict[str, str]:
        """The content of ``.env``, unchecked; empty without the file."""
        return read_env(self.env_file)

    @property
    def is_production(self) -> bool:
        """Whether ``.env`` has settings of an operator, and nothing that the development stack has written."""
        return bool(self.env.keys() & PRODUCTION_SIGNS) and not self.env.get("CHECKOUT_DIR")

    @property
    def compose_variables(self) -> tuple[ComposeVariable, ...]:
        """The names that Compose reads. Production images do not contain them, and no check there needs them."""
        from tools.compose_variables import COMPOSE_VARIABLES

        return COMPOSE_VARIABLES

    def compose_value(self, name: str) -> str:
        """Return what Compose would take for one of its variables: from ``.env``, else the default."""
        default = next(variable.default for variable in self.compose_variables if variable.name == name)
        return self.env.get(name) or default


def read_env(path: Path) -> dict[str, str]:
    """Read the names and values of an env file as ``make up`` does; the last one wins, and invalid lines are skipped."""
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return {}
    return {name: value for name, value in dotenv_values(stream=StringIO(text), interpolate=False).items() if value is not None}
