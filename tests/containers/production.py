"""Production in a checkout of its own, started as an operator would, on free ports, asked through TLS."""

from __future__ import annotations

import http.client
import json
import os
import signal
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tests.conftest import CHECKOUT
from tests.containers.stack import Ended, Stack
from tests.support.compose import services
from tests.support.waiting import free_ports

#: The limits per address are for others: here one address is all clients.
ALL_CLIENTS = {"REQUESTS_PER_SECOND": "100000", "REQUESTS_AT_ONCE": "100000", "CONNECTIONS_PER_ADDRESS": "1000"}
COMPOSE = services(CHECKOUT / "compose.prod.yaml")
#: Those that do not end by themselves.
SERVICES = tuple(name for name, service in COMPOSE.items() if service["restart"] != "no")
PICKS = "/api/v1/draft-picks?limit=1"


@dataclass(frozen=True)
class Answer:
    """One answer; header names in lower case, a header that came twice has both values."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Production(Stack):
    """The stack of compose.prod.yaml with a name and ports of its own in .env."""

    http_port: int = field(default=0)
    https_port: int = field(default=0)
    up_seconds: float = field(default=0)
    #: The stack whose checkout this is, and whose number it has.
    checkout: Stack | None = field(default=None)

    @property
    def project(self) -> str:
        """The name that its containers begin with."""
        return f"draft-queen-production-test-{os.getpid()}"

    def release(self, name: str) -> str:
        """The full name of a release, which no other run of the tests has."""
        return f"{self.project}-{name}"

    def releases(self, service: str) -> set[str]:
        """Which releases the containers of a service run."""
        return {container["Config"]["Image"].rpartition("-")[2] for container in self.details(service)}

    @property
    def secrets(self) -> dict[str, str]:
        """Every secret by name, as text."""
        return {path.name: path.read_text() for path in (self.folder / "secrets").iterdir()}

    def configure(self, **more: str) -> None:
        """Write .env, as an operator would."""
        values = {
            "COMPOSE_PROJECT_NAME": self.project,
            "BIND_ADDRESS": "127.0.0.1",
            "HTTP_PORT": str(self.http_port),
            "HTTPS_PORT": str(self.https_port),
            **more,
        }
        (self.folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in values.items()))

    def start_with_data(self) -> None:
        """Everything built and up, for clients without limits, with made-up rows."""
        self.configure(**ALL_CLIENTS)
        self.run("make", "secrets")
        self.compose("build", "--quiet", timeout=900)
        self.compose("up", "--detach", "--wait", timeout=180)
        self.execute("pipeline", "dq", "etl", "run", "--sample", "--wait", "300")

    def compose(self, *arguments: str, check: bool = True, timeout: float = 300) -> Ended:
        """`docker compose -f compose.prod.yaml` in the checkout."""
        self.started = True
        return self.run("docker", "compose", "-f", "compose.prod.yaml", *arguments, check=check, timeout=timeout)

    def sql(self, statement: str) -> str:
        """One value from the database, asked by its own client through its socket."""
        return self.execute("db", "psql", "-U", "draft_queen", "-d", "draft_queen", "-tAc", statement).stdout.strip()

    def as_superuser(self, statement: str) -> str:
        """The same as the superuser, which only the socket lets in."""
        return self.execute("db", "psql", "-U", "postgres", "-d", "draft_queen", "-tAc", statement).stdout.strip()

    def identities(self, service: str) -> list[str]:
        """The containers of a service, without those of `docker compose run`, such as the one in which a deploy checks the settings."""
        labels = {"project": self.project, "service": service, "oneoff": "False"}
        filters = [f"--filter=label=com.docker.compose.{name}={value}" for name, value in labels.items()]
        return self.run("docker", "ps", "--all", "--quiet", "--no-trunc", *filters).stdout.split()

    def crash(self, identity: str) -> float:
        """Kill the first process of a container as the kernel would, so that the engine starts it again; the moment it happened.

        `docker kill` would count as an operator's wish, after which nothing is started.
        """
        process = self._state(identity, "{{.State.Pid}}")
        os.kill(int(process), signal.SIGKILL)
        return time.monotonic()

    def has_come_back(self, identity: str, restarts: int) -> bool:
        """Whether a container was started again by the engine so often, and is healthy."""
        return self._state(identity, "{{.RestartCount}} {{.State.Status}} {{.State.Health.Status}}") == f"{restarts} running healthy"

    def restarts(self, identity: str) -> int:
        """How often the engine has started a container again."""
        return int(self._state(identity, "{{.RestartCount}}"))

    def _state(self, identity: str, form: str) -> str:
        return self.run("docker", "inspect", "--format", form, identity).stdout.strip()

    def details(self, *services: str) -> list[dict[str, Any]]:
        """What the engine says of every container of these services."""
        identities = [identity for service in services for identity in self.identities(service)]
        found: list[dict[str, Any]] = json.loads(self.run("docker", "inspect", *identities).stdout)
        return found

    def logs(self, service: str) -> str:
        """What a service said."""
        ended = self.compose("logs", "--no-color", "--no-log-prefix", service)
        return ended.stdout + ended.stderr

    def lines(self, service: str, **wanted: object) -> list[dict[str, Any]]:
        """The log lines of a service that are JSON and have these values."""
        found = [json.loads(line) for line in self.logs(service).splitlines() if line.startswith("{")]
        return [line for line in found if all(line.get(name) == value for name, value in wanted.items())]

    # --- requests ----------------------------------------------------------------------------------------------------------------

    @cached_property
    def trust(self) -> ssl.SSLContext:
        """Trusts the certificate that `make secrets` made, for the names in it."""
        return ssl.create_default_context(cafile=str(self.folder / "secrets" / "tls_certificate"))

    def connect(self) -> http.client.HTTPSConnection:
        """A connection to the proxy."""
        return http.client.HTTPSConnection("127.0.0.1", self.https_port, timeout=60, context=self.trust)

    def ask(self, path: str, headers: Mapping[str, str] | None = None, *, method: str = "GET", body: bytes | None = None) -> Answer:
        """An answer by TLS."""
        connection = self.connect()
        try:
            return exchange(connection, path, headers, method=method, body=body)
        finally:
            connection.close()

    def ask_plainly(self, path: str, method: str = "GET") -> Answer:
        """An answer without TLS."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=60)
        try:
            return exchange(connection, path, method=method)
        finally:
            connection.close()

    def end(self) -> None:
        """Containers, volumes, networks and images of this project."""
        super().end()
        if self.checkout is not None:
            self.checkout.ended = True  # another may have its number from here on
        listed = ["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "--filter", f"reference={self.project}-*"]
        images = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()
        if images:
            subprocess.run(["docker", "image", "rm", "--force", *images], capture_output=True, check=False)


def exchange(
    connection: http.client.HTTPConnection,
    path: str,
    headers: Mapping[str, str] | None = None,
    *,
    method: str = "GET",
    body: bytes | None = None,
) -> Answer:
    """One request on a connection that may be used again."""
    connection.request(method, path, body=body, headers=dict(headers or {}))
    answer = connection.getresponse()
    content = answer.read()
    names = {name.lower() for name, _ in answer.getheaders()}
    return Answer(answer.status, {name: ", ".join(answer.headers.get_all(name, [])) for name in names}, content)


def faults(answer: Answer) -> Sequence[str]:
    """What a browser is not told, and should be: empty for the best grade."""
    headers = answer.headers
    policy = dict(directive.strip().partition(" ")[::2] for directive in headers.get("content-security-policy", "").split(";"))
    sources = " ".join(policy.values())
    age = headers.get("strict-transport-security", "").removeprefix("max-age=").split(";")[0]
    wrong = {
        "no HSTS for a year at least": not (age.isdigit() and int(age) >= 31_536_000),
        "types are guessed": headers.get("x-content-type-options") != "nosniff",
        "may be framed": headers.get("x-frame-options") != "DENY" or policy.get("frame-ancestors") != "'none'",
        "no default policy": policy.get("default-src") not in ("'none'", "'self'"),
        "inline code or styles": "unsafe" in sources or "data:" in policy.get("script-src", policy.get("default-src", "")),
        "foreign sources": "*" in sources or "http" in sources,
        "base may be moved": policy.get("base-uri") != "'none'",
        "tells others where one came from": headers.get("referrer-policy") not in ("same-origin", "no-referrer"),
        "shares its window": headers.get("cross-origin-opener-policy") != "same-origin",
        "may use the camera": "camera=()" not in headers.get("permissions-policy", ""),
        "tells its version": any(character.isdigit() for character in headers.get("server", "")),
        "no request id": not headers.get("x-request-id") or "," in headers["x-request-id"],
    }
    return [fault for fault, found in wrong.items() if found]


def production_of(stack: Stack) -> Production:
    """Production in a checkout that was made for a stack."""
    http_port, https_port = free_ports(2)
    return Production(stack.folder, stack.instance, stack.uid, stack.home, checkout=stack, http_port=http_port, https_port=https_port)


@contextmanager
def ending(one: Production) -> Iterator[Production]:
    """Whatever happens from here on, nothing of it is left at the end."""
    try:
        yield one
    finally:
        one.end()
