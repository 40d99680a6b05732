"""A checkout of its own with a stack of its own: what a test starts, asks and breaks."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import CHECKOUT
from tools.compose_variables import COMPOSE_VARIABLES, PORT_STEP

SOCKET = Path("/var/run/docker.sock")
DEVCONTAINER = "devcontainer"
Ended = subprocess.CompletedProcess[str]

#: What /health responds with, in app/health/schemas.py.
ALIVE = 'status: Literal["ok"] = Field(default="ok"'


def copy_checkout(target: Path) -> None:
    """The files that Git knows or would know, as they are now, in a repository of their own."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=CHECKOUT, capture_output=True, check=True
    ).stdout
    for name in filter(None, listed.decode().split("\0")):
        source, copy = CHECKOUT / name, target / name
        if source.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy)
    git = ["git", "-C", str(target), "-c", "user.name=test", "-c", "user.email=test@example.invalid"]
    subprocess.run([*git, "init", "--quiet", "--initial-branch=main"], check=True)
    subprocess.run([*git, "add", "--all"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--no-verify", "--message=copy"], check=True)


@dataclass
class Stack:
    """The development stack of one checkout, run as one user of the host."""

    folder: Path
    instance: int
    uid: int
    home: Path
    started: bool = field(default=False)
    ended: bool = field(default=False)

    @property
    def project(self) -> str:
        """The name that its containers begin with: in .env, which the first command makes; empty when a broken one has none."""
        if not (self.folder / ".env").exists():
            self.run("bash", "scripts/stack.sh", "env")
        found: list[str] = re.findall(r"^COMPOSE_PROJECT_NAME=(\S+)$", (self.folder / ".env").read_text(), re.MULTILINE)
        return found[-1] if found else ""

    def port(self, name: str) -> int:
        """The port of this instance, by its name in .env."""
        base = next(int(variable.default) for variable in COMPOSE_VARIABLES if variable.name == name)
        return base + PORT_STEP * (self.instance - 1)

    # --- commands --------------------------------------------------------------------------------------------------------------

    def run(self, *command: str, check: bool = True, timeout: float = 300, **environment: str) -> Ended:
        """A command in the checkout, as its user, with nothing of our own environment but what commands need."""
        if self.uid != os.getuid():
            command = ("setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", f"--groups={SOCKET.stat().st_gid}", *command)
        kept = ("PATH", "LANG", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
        env = {name: os.environ[name] for name in kept if name in os.environ}
        env |= {"HOME": str(self.home), "INSTANCE": str(self.instance), **environment}
        ended = subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, timeout=timeout, check=False)
        assert not check or ended.returncode == 0, f"{command}: {ended.returncode}\n{ended.stdout[-4000:]}\n{ended.stderr[-4000:]}"
        return ended

    def make(self, *arguments: str, check: bool = True, timeout: float = 300, **environment: str) -> Ended:
        """`make` with these targets."""
        self.started = True
        return self.run("make", *arguments, check=check, timeout=timeout, **environment)

    def compose(self, *arguments: str, check: bool = True, timeout: float = 300) -> Ended:
        """`docker compose` in the checkout."""
        return self.run("docker", "compose", *arguments, check=check, timeout=timeout)

    def execute(self, service: str, *command: str, check: bool = True, timeout: float = 300) -> Ended:
        """A command in a running container."""
        return self.compose("exec", "--no-TTY", service, *command, check=check, timeout=timeout)

    def devcontainer(self, *arguments: str, check: bool = True, timeout: float = 300) -> Ended:
        """The dev container command for this checkout."""
        self.started = True
        verb, *rest = arguments
        return self.run(DEVCONTAINER, verb, "--workspace-folder", str(self.folder), *rest, check=check, timeout=timeout)

    def sql(self, statement: str) -> str:
        """One value from the database."""
        return self.execute("db", "psql", "-U", "draft_queen", "-d", "draft_queen", "-tAc", statement).stdout.strip()

    # --- what is there ---------------------------------------------------------------------------------------------------------

    def containers(self) -> dict[str, str]:
        """State of every container of this checkout, by service, whatever its project's name."""
        mine = f"label=com.docker.compose.project.working_dir={self.folder}"
        listed = self.run("docker", "ps", "--all", "--filter", mine, "--format", "{{json .}}")
        rows = [json.loads(line) for line in listed.stdout.splitlines()]
        return {row["Labels"].split("com.docker.compose.service=")[1].split(",")[0]: row["Status"] for row in rows}

    def inspect(self, service: str) -> Mapping[str, dict[str, object]]:
        """What the engine says of a service's container."""
        identity = self.compose("ps", "--all", "--quiet", service).stdout.split()[0]
        found: list[dict[str, dict[str, object]]] = json.loads(self.run("docker", "inspect", identity).stdout)
        return found[0]

    def get(self, path: str, timeout: float = 60) -> tuple[int, bytes]:
        """An answer of the API through its published port; status 0 when there is none."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port('API_PORT')}{path}", timeout=timeout) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""

    def total(self) -> int:
        """Draft picks that the API has."""
        status, body = self.get("/api/v1/draft-picks?limit=1")
        return int(json.loads(body)["total"]) if status == 200 else 0

    def ready(self) -> bool:
        """Whether the API can serve."""
        return self.get("/health/ready", timeout=20)[0] == 200

    def healthy(self, *services: str) -> bool:
        """Whether these containers are, by their own health checks."""
        states = self.containers()
        return all("(healthy)" in states.get(service, "") for service in services)

    def owners(self) -> set[int]:
        """Who owns the files of the checkout."""
        return {path.lstat().st_uid for path in self.folder.rglob("*")}

    def end(self) -> None:
        """Containers, volumes, network and image of this project; its ports are then free for another."""
        self.ended = True
        if not self.started or not (self.folder / ".env").exists() or not self.project:
            return
        filters = ["--filter", f"label=com.docker.compose.project={self.project}"]
        for kind, remove in (("container", ["rm", "--force", "--volumes"]), ("volume", ["rm", "--force"]), ("network", ["rm"])):
            listed = ["ls", "--all", "--quiet"] if kind == "container" else ["ls", "--quiet"]
            names = subprocess.run(["docker", kind, *listed, *filters], capture_output=True, text=True, check=True).stdout.split()
            if names:
                subprocess.run(["docker", kind, *remove, *names], capture_output=True, check=False)
        subprocess.run(["docker", "image", "rm", "--force", f"{self.project}-dev"], capture_output=True, check=False)


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> float:
    """Seconds until the condition held."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.1)
    return time.monotonic() - started


def run(command: Sequence[str], *, check: bool = True, timeout: float = 300, cwd: Path | None = None) -> Ended:
    """A command of the test itself."""
    ended = subprocess.run(list(command), capture_output=True, text=True, timeout=timeout, cwd=cwd, check=False)
    assert not check or ended.returncode == 0, f"{command}: {ended.returncode}\n{ended.stdout[-4000:]}\n{ended.stderr[-4000:]}"
    return ended
