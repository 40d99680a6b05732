"""Production: what the proxy refuses, what containers may do, what nobody starts with."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.containers.production import PICKS, SERVICES, Answer, Production, exchange, faults
from tests.containers.stack import run, wait_until

# --- what the proxy refuses ------------------------------------------------------------------------------------------------------


def is_problem(answer: Answer, status: int) -> bool:
    """A refusal of the proxy in the API's form."""
    return answer.status == status and "problem+json" in answer.headers["content-type"] and answer.document["status"] == status


def test_too_long_headers_addresses_and_bodies_are_refused(production: Production) -> None:
    assert is_problem(production.ask(PICKS, {"Cookie": "x" * 20_000}), 431)
    assert is_problem(production.ask("/api/v1/draft-picks", method="POST", body=b"x" * 100_000), 413)
    page = production.ask(f"/?x={'x' * 20_000}")  # of an address that long nginx does not even know whether it is the API's
    assert page.status == 414
    assert "longer than 8 kB: request less" in page.body.decode()
    for answer in (production.ask(PICKS, {"Cookie": "x" * 20_000}), page):
        assert faults(answer) == []


@pytest.mark.parametrize("protocol", ["1.1", "2"])
@pytest.mark.parametrize("length", ["declared", "unknown"])
def test_a_body_that_is_too_large_is_the_same_error_over_every_protocol(production: Production, protocol: str, length: str) -> None:
    body = production.folder.parent / "body"
    body.write_bytes(b"x" * 100_000)
    # an upload from a pipe has no length that could be declared
    sent = ["--data-binary", f"@{body}"] if length == "declared" else ["--upload-file", "-", "--request", "POST"]
    command = ["curl", "--silent", f"--http{protocol}", "--cacert", str(production.folder / "secrets" / "tls_certificate"), *sent]
    said = ["--write-out", "\n%{http_version} %{http_code} %{content_type}"]
    for path, media_type, text in (("/api/v1/draft-picks", "application/problem+json", '"status":413'), ("/", "text/html", "Draft Queen")):
        url = f"https://localhost:{production.https_port}{path}"
        with body.open("rb") as pipe:
            ended = subprocess.run([*command, *said, url], stdin=pipe, capture_output=True, text=True, check=True)
        content, _, summary = ended.stdout.rpartition("\n")
        assert summary.split(";")[0] == f"{protocol} 413 {media_type}"
        assert text in content
        assert "larger than 64 kB" in content


def test_who_asks_too_much_is_told_to_wait(production: Production) -> None:
    time.sleep(2.5)  # what the tests before have used

    told = threading.Event()

    def ask(_client: int) -> list[Answer]:
        """Until somebody is refused."""
        connection, found = production.connect(), list[Answer]()
        try:
            while not told.is_set() and len(found) < 1000:
                found.append(exchange(connection, PICKS))
                if found[-1].status != 200:
                    told.set()
        finally:
            connection.close()
        return found

    with ThreadPoolExecutor(8) as clients:  # one alone may be slower than what is allowed
        answers = [answer for found in clients.map(ask, range(8)) for answer in found]
    refused = [answer for answer in answers if answer.status == 429]
    assert {answer.status for answer in answers} == {200, 429}
    assert all(is_problem(answer, 429) and answer.headers["retry-after"] == "1" for answer in refused)
    assert faults(refused[0]) == []
    time.sleep(2.5)
    assert production.ask(PICKS).status == 200


def test_streams_of_one_client_are_limited_over_all_replicas(production: Production) -> None:
    """Sixty in a minute, a few more when the next minute begins meanwhile; with a count in each replica it would be twice as many."""
    path, query = "/api/v1/draft-picks", "format=csv&season=2001"
    claims = ({"X-Forwarded-For": f"192.0.2.{last}"} for last in range(100))
    answers = [production.ask(f"{path}?{query}", next(claims))]
    while answers[-1].status == 200 and len(answers) < 90:
        answers.append(production.ask(f"{path}?{query}", next(claims)))
    assert is_problem(answers[-1], 429), "what a client claims to be is believed"
    assert len(answers) > 60
    assert 0 < int(answers[-1].headers["retry-after"]) <= 120
    assert len({line["upstream"] for line in production.lines("proxy", path=path, query=query)}) == 2, "only one replica has served"
    assert "Redis rejects" not in production.logs("api")


def test_a_slow_client_is_not_waited_for(production: Production) -> None:
    with (
        socket.create_connection(("127.0.0.1", production.https_port), timeout=120) as plain,
        production.trust.wrap_socket(plain, server_hostname="localhost") as tls,
    ):
        started = time.monotonic()
        tls.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        try:
            said = tls.recv(1000)
        except OSError:  # reset: nothing is sent to who does not read
            said = b""
        assert b" 200 " not in said
        assert time.monotonic() - started > 5


def test_without_the_api_there_is_a_page_and_then_the_api_again(production: Production) -> None:
    production.compose("stop", "api")
    try:
        answer, page = production.ask(PICKS), production.ask("/")
        assert is_problem(answer, 503)
        assert answer.headers["retry-after"] == "5"
        assert "try again in a few seconds" in page.body.decode()
        assert faults(answer) == faults(page) == []
        assert production.ask("/static/css/app.css").status == 200
    finally:
        production.compose("start", "api")
        wait_until(lambda: production.ask(PICKS).status == 200, 180, "the API is back")


def test_one_replica_less_is_noticed_by_nobody(production: Production) -> None:
    for _ in range(3):
        first = production.identities("api")[0]
        run(["docker", "kill", first])
        try:
            assert {production.ask(PICKS).status for _ in range(20)} == {200}
        finally:
            run(["docker", "start", first])
            production.compose("up", "--detach", "--wait", timeout=180)


# --- what containers may do ------------------------------------------------------------------------------------------------------


def test_only_the_proxy_is_published(production: Production) -> None:
    for container in production.details(*SERVICES, "migrate"):
        published = {port for port, places in (container["NetworkSettings"]["Ports"] or {}).items() if places}
        expected = {"8080/tcp", "8443/tcp"} if container["Config"]["Labels"]["com.docker.compose.service"] == "proxy" else set()
        assert published == expected, container["Name"]


@pytest.mark.parametrize("service", SERVICES)
def test_nobody_is_root_and_the_root_is_read_only(production: Production, service: str) -> None:
    status = production.execute(service, "cat", "/proc/1/status").stdout
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert "0" not in facts["Uid"].split()
    assert "0" not in facts["Gid"].split()
    assert {int(facts[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert facts["NoNewPrivs"] == "1"
    mounts = [line.split() for line in production.execute(service, "cat", "/proc/mounts").stdout.splitlines()]
    assert next(mount for mount in mounts if mount[1] == "/")[3].split(",")[0] == "ro"
    for place in ("/x", "/etc/x", "/usr/local/bin/x", "/srv/x"):
        assert production.execute(service, "bash", "-c", f"echo x >{place}", check=False).returncode != 0


@pytest.mark.parametrize("service", [*SERVICES, "migrate"])
def test_limits_are_the_engines_as_well(production: Production, service: str) -> None:
    for container in production.details(service):
        host = container["HostConfig"]
        assert host["Memory"] > 0
        assert host["MemoryReservation"] > 0
        assert host["NanoCpus"] > 0
        assert host["PidsLimit"] > 0
        assert host["LogConfig"]["Config"]["max-size"] == "10m"
        assert container["Config"]["StopTimeout"] >= 15
        assert not container["State"]["OOMKilled"]


def test_only_proxy_and_pipeline_have_a_gateway_and_the_proxy_no_way_to_the_database(production: Production) -> None:
    for service in ("db", "redis", "api"):
        routes = production.execute(service, "cat", "/proc/net/route").stdout.splitlines()[1:]
        assert routes
        assert not [route for route in routes if route.split()[1] == "00000000"], "a default route"
    for service in ("proxy", "pipeline"):  # published ports need one, and so do the public files
        assert "\t00000000\t" in production.execute(service, "cat", "/proc/net/route").stdout
    # the API reaches nobody but who shares its networks: not even the engine's own machine
    gateway = production.run("docker", "network", "inspect", f"{production.project}_edge", "--format", "{{(index .IPAM.Config 0).Gateway}}")
    reach = f"exec 3<>/dev/tcp/{gateway.stdout.strip()}/{production.https_port}"
    assert production.execute("api", "timeout", "3", "bash", "-c", reach, check=False).returncode != 0
    for address in ("db/5432", "redis/6379"):
        refused = production.execute("proxy", "bash", "-c", f"exec 3<>/dev/tcp/{address}", check=False)
        assert refused.returncode != 0
        assert production.execute("pipeline", "bash", "-c", f"exec 3<>/dev/tcp/{address}").returncode == 0


def test_database_and_redis_ask_for_a_password(production: Production) -> None:
    code = (
        "import asyncio, asyncpg\n"
        "async def ask(password):\n"
        "    try: await asyncpg.connect('postgresql://draft_queen@db/draft_queen', password=password)\n"
        "    except asyncpg.InvalidPasswordError: return 'refused'\n"
        "    return 'welcome'\n"
        "print(asyncio.run(ask('draft_queen')), asyncio.run(ask(open('/run/secrets/database_password').read())))"
    )
    assert production.execute("api", "python", "-c", code).stdout.split() == ["refused", "welcome"]
    for command in (("get", "x"), ("config", "get", "*"), ("flushall",), ("acl", "list")):
        assert "NOPERM" in production.execute("redis", "redis-cli", *command).stdout
    password = production.secrets["redis_password"]
    ours = ("redis-cli", "--no-auth-warning", "--user", "draft_queen", "--pass", password)
    assert production.execute("redis", *ours, "set", "draft-queen:x", "1").stdout.strip() == "OK"
    for command in (("set", "x", "1"), ("keys", "*"), ("del", "draft-queen:x"), ("config", "get", "*"), ("eval", "return 1", "0")):
        assert "NOPERM" in production.execute("redis", *ours, *command).stdout
    readiness = production.ask("/health/ready").document
    assert readiness["checks"]["cache"]["ok"] is True


def test_no_secret_is_in_an_environment_an_image_or_a_log(production: Production) -> None:
    values = [production.secrets[name].strip() for name in ("database_password", "backup_password", "redis_password", "redis_url")]
    values.append(production.secrets["tls_key"].splitlines()[1])
    seen = {
        "inspect": json.dumps(production.details(*SERVICES, "migrate")),
        "compose config": production.compose("config").stdout,
        "statistics": production.as_superuser("select string_agg(query, ' ') from pg_stat_statements"),
        "logs": "".join(production.logs(service) for service in (*SERVICES, "migrate")),
    }
    for service in SERVICES:
        seen[f"environment of {service}"] = production.execute(service, "bash", "-c", "tr '\\0' '\\n' </proc/1/environ; env").stdout
    for container in production.details(*SERVICES, "migrate"):
        image = container["Image"]
        seen[f"image of {container['Name']}"] = run(["docker", "image", "inspect", image]).stdout
        seen[f"history of {container['Name']}"] = run(["docker", "history", "--no-trunc", image]).stdout
    for place, text in seen.items():
        assert len(text) > 100, place
        assert not [value for value in values if value in text], place


# --- what it refuses to start with -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "sentence"), [("draft_queen", "is used in examples"), ("", "names an empty file")])
@pytest.mark.parametrize("service", ["migrate", "api", "pipeline"])
def test_a_secret_of_development_or_an_empty_one_is_refused(production: Production, service: str, value: str, sentence: str) -> None:
    folder = production.folder.parent / "weak"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(production.folder / "secrets", folder)
    (folder / "database_password").unlink()
    (folder / "database_password").write_text(value)
    (folder / "database_password").chmod(0o444)
    command = ["docker", "compose", "-f", "compose.prod.yaml", "run", "--rm", "--no-deps", "--no-TTY", service]
    refused = production.run(*command, check=False, SECRETS_DIR=str(folder))
    assert refused.returncode == 2
    assert "DATABASE_PASSWORD" in refused.stderr
    assert sentence in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_env_file_of_development_is_refused(production: Production) -> None:
    command = ["docker", "compose", "-f", "compose.prod.yaml", "config", "--quiet"]
    refused = production.run(*command, check=False, CHECKOUT_DIR="/somewhere")
    assert refused.returncode != 0
    assert "use a separate checkout for production" in refused.stderr


def test_without_a_certificate_the_proxy_says_so(production: Production) -> None:
    folder = production.folder.parent / "broken"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(production.folder / "secrets", folder)
    (folder / "tls_certificate").unlink()
    (folder / "tls_certificate").write_text("not PEM\n")
    command = ["docker", "compose", "-f", "compose.prod.yaml", "run", "--rm", "--no-deps", "--no-TTY", "proxy"]
    refused = production.run(*command, check=False, SECRETS_DIR=str(folder))
    assert refused.returncode != 0
    assert 'cannot load certificate "/run/secrets/tls_certificate"' in refused.stderr
