"""The scripts around compose.prod.yaml, with a Docker that says what a test wants."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT
from tests.support import compose
from tests.support.waiting import free_ports
from tests.unit.production.conftest import Ended, run

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed here")


def has_compose() -> bool:
    return (
        shutil.which("docker") is not None
        and subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0
    )


needs_compose = pytest.mark.skipif(not has_compose(), reason="Docker Compose is not installed")


def sourced(folder: Path, script: str, *names: str, **environment: str) -> Ended:
    """Functions of the scripts, as deploy.sh has them."""
    lines = "\n".join(f"source scripts/{name}" for name in ("production.sh", *names))
    return run(folder, "bash", "-c", f"set -euo pipefail\n{lines}\n{script}", **environment)


# --- what `make secrets` leaves, and what Compose wants ------------------------------------------------------------------------------


@needs_openssl
def test_the_folder_is_written_down_for_compose(checkout: Path) -> None:
    for _ in range(2):
        made = run(checkout, "bash", "scripts/secrets.sh", "make")
        assert made.returncode == 0, made.stderr
        assert (checkout / ".env").read_text() == "SECRETS_DIR=./secrets\n"
    assert stat.S_IMODE((checkout / ".env").stat().st_mode) == 0o600


@needs_openssl
def test_a_folder_that_an_env_file_names_stays(checkout: Path) -> None:
    (checkout / ".env").write_text("HTTPS_PORT=8443\nSECRETS_DIR=./elsewhere\n")
    assert run(checkout, "bash", "scripts/secrets.sh", "make").returncode == 0
    assert (checkout / "elsewhere" / "tls_key").exists()
    assert (checkout / ".env").read_text() == "HTTPS_PORT=8443\nSECRETS_DIR=./elsewhere\n"


@needs_openssl
def test_a_folder_of_the_environment_is_mentioned(checkout: Path) -> None:
    made = run(checkout, "bash", "scripts/secrets.sh", "make", SECRETS_DIR=str(checkout / "x"))
    assert f"Compose needs SECRETS_DIR={checkout / 'x'}, too: export it, or write it into .env." in made.stdout
    assert not (checkout / ".env").exists()


def test_the_development_stacks_checkout_gets_no_secrets(checkout: Path) -> None:
    (checkout / ".env").write_text("CHECKOUT_DIR=/somewhere\n")
    refused = run(checkout, "bash", "scripts/secrets.sh", "make")
    assert refused.returncode == 1
    assert "clone the repository into another folder for production" in refused.stderr
    assert not (checkout / "secrets").exists()


@needs_compose
@pytest.mark.parametrize(
    ("env_file", "environment", "words"),
    [
        (None, {}, 'run "make secrets" first'),
        ("HTTPS_PORT=8443\n", {}, 'run "make secrets" first'),
        ("CHECKOUT_DIR=/x\nCOMPOSE_PROJECT_NAME=y\n", {}, 'in a separate checkout, not where "make up" has run'),
        (
            "CHECKOUT_DIR=/x\nCOMPOSE_PROJECT_NAME=y\n",
            {"SECRETS_DIR": "./secrets"},
            "use a separate checkout for production, the .env here belongs to the development stack",
        ),
    ],
)
def test_compose_itself_refuses_and_names_the_command(
    checkout: Path, env_file: str | None, environment: dict[str, str], words: str
) -> None:
    if env_file is not None:
        (checkout / ".env").write_text(env_file)
    refused = run(checkout, "docker", "compose", "-f", "compose.prod.yaml", "config", "--quiet", **environment)
    assert refused.returncode != 0
    assert words in refused.stderr
    assert "Invalid ip address" not in refused.stderr


@needs_compose
def test_a_tag_alone_would_be_built_at_every_start(checkout: Path) -> None:
    command = ("docker", "compose", "-f", "compose.prod.yaml", "config")
    (checkout / ".env").write_text("SECRETS_DIR=./secrets\nIMAGE_TAG=r1\n")
    refused = run(checkout, *command)
    assert refused.returncode != 0
    assert "pull_policy 'PULL_POLICY is not set for the IMAGE_TAG r1'" in refused.stderr
    for policy in ("missing", "build"):
        read = run(checkout, *command, PULL_POLICY=policy)
        assert read.returncode == 0, read.stderr
        found = {line.strip() for line in read.stdout.splitlines() if "pull_policy:" in line}
        assert found == {f"pull_policy: {policy}", "pull_policy: never"}, "what others build is never pulled"
    (checkout / ".env").write_text("SECRETS_DIR=./secrets\n")
    assert "pull_policy: build\n" in run(checkout, *command).stdout


@needs_compose
def test_the_development_stack_does_not_take_the_name_of_a_production(checkout: Path) -> None:
    shutil.copy(CHECKOUT / "compose.dev.yaml", checkout)
    (checkout / ".env").write_text("SECRETS_DIR=./secrets\nCOMPOSE_PROJECT_NAME=mine\n")
    refused = run(checkout, "docker", "compose", "-f", "compose.dev.yaml", "config", "--quiet")
    assert refused.returncode != 0
    assert "use a separate checkout for development, the .env here belongs to production" in refused.stderr


@needs_compose
@pytest.mark.parametrize(("env_file", "folder"), [("", ""), ("CHECKOUT_DIR=/the/checkout\n", "/the/checkout")])
def test_a_development_stack_started_from_another_folder_is_not_labelled_with_that(checkout: Path, env_file: str, folder: str) -> None:
    shutil.copy(CHECKOUT / "compose.dev.yaml", checkout)
    (checkout / ".env").write_text(env_file)
    elsewhere = checkout.parent / "elsewhere"
    elsewhere.mkdir()
    said = run(elsewhere, "docker", "compose", "-f", str(checkout / "compose.dev.yaml"), "config", "--format", "json", PWD=str(elsewhere))
    labels = json.loads(said.stdout)["services"]["api"]["labels"]
    assert labels["devcontainer.local_folder"] == folder
    assert labels["devcontainer.config_file"] == (f"{folder}/.devcontainer/devcontainer.json" if folder else "")


# --- what deploy.sh reads and writes -------------------------------------------------------------------------------------------------


@needs_compose
def test_a_new_service_of_our_code_is_rolled_out_and_a_new_store_is_started(checkout: Path) -> None:
    path = checkout / "compose.prod.yaml"
    more = """services:
  ranking:
    <<: *python
    deploy: { replicas: 3 }
  charts:
    <<: [*image, *python]
    labels: {}
    image: draft-queen-charts:${IMAGE_TAG:-local}
    build: { context: ., target: pipeline }
  search:
    <<: *service
    image: search:1
"""
    path.write_text(path.read_text().replace("services:\n", more, 1))
    script = """read_services
echo "rolled ${ROLLED[*]}"; echo "stores ${STORES[*]}"; echo "images $(images | tr '\\n' ' ')"
echo "replicas ${REPLICAS_OF[ranking]} ${REPLICAS_OF[api]} ${REPLICAS_OF[proxy]}"
"""
    said = sourced(checkout, script, "release_images.sh", IMAGE_TAG="r1", API_REPLICAS="5")
    # this checkout may have services that `make service` has added
    rolled = [
        name
        for name, service in compose.services(CHECKOUT / "compose.prod.yaml").items()
        if "draft-queen.rolled" in service.get("labels", {})
    ]
    added = set(rolled) - {"api", "pipeline"}
    assert [" ".join(word for word in line.split(" ") if word not in added) for line in said.stdout.splitlines()] == [
        "rolled api pipeline ranking",
        "stores db redis search",
        "images draft-queen-backup:r1 draft-queen-charts:r1 draft-queen-pipeline:r1 draft-queen-proxy:r1 draft-queen-runtime:r1 ",
        "replicas 3 5 1",
    ], said.stderr


def test_commands_for_what_runs_use_its_images(checkout: Path, tool: Callable[[str, str], None]) -> None:
    """Those that run; else of the last release; else what plain Compose builds."""
    tool("docker", "exit 0")
    assert sourced(checkout, "running_tag").stdout == "local\n"
    (checkout / ".deploy").mkdir()
    (checkout / ".deploy" / "releases").write_text("2026-05-01T00:00:00Z first s\n2026-05-02T00:00:00Z second s\n")
    assert sourced(checkout, "running_tag").stdout == "second\n"
    tool("docker", 'case "$*" in *"service=api") echo abc ;; inspect*) echo registry:5000/x-runtime:third ;; esac')
    assert sourced(checkout, "running_tag").stdout == "third\n"


def test_a_deploy_leaves_the_container_of_a_load_alone(checkout: Path, tool: Callable[[str, str], None]) -> None:
    """Compose lists it among those of the pipeline: `ps --all` would have it stopped with the old release."""
    tool(
        "docker",
        'case "$*" in *oneoff=False*project=draft-queen*service=pipeline) echo worker ;; *service=pipeline) echo worker load ;; esac',
    )
    assert sourced(checkout, "containers api pipeline").stdout == "worker\n"
    assert "ps --all" not in "".join((CHECKOUT / "scripts" / name).read_text() for name in ("deploy.sh", "kept_logs.sh"))


@pytest.mark.parametrize(
    ("running", "target"),
    [
        ("second", "first"),
        ("", "first"),
        ("local", "second"),
        ("second unnoted", "second"),
        ("first second", "first"),  # killed after the second was noted
    ],
)
def test_going_back_leads_to_the_last_release_when_something_else_runs(
    checkout: Path, tool: Callable[[str, str], None], running: str, target: str
) -> None:
    (checkout / ".deploy").mkdir()
    (checkout / ".deploy" / "releases").write_text("2026-05-01T00:00:00Z first s\n2026-05-02T00:00:00Z second s\n")
    tool("docker", f'case "$*" in *"service=api") echo {running} ;; inspect*) echo "x-runtime:${{*: -1}}" ;; esac')
    assert sourced(checkout, "release_to_go_back_to", "release_images.sh").stdout == f"{target}\n"


def test_the_logs_of_removed_containers_are_kept_up_to_a_number(checkout: Path, tool: Callable[[str, str], None]) -> None:
    kept = checkout / ".deploy" / "logs"
    kept.mkdir(parents=True)
    for number in range(70):
        (kept / f"2026050{number // 60}T0000{number % 60:02}Z-api-{number:012}.log.gz").touch()
    tool("docker", 'echo "docker $*" >>"$HOME/calls"; case "$1" in inspect) echo pipeline ;; logs) echo "what it said" ;; esac')
    removed = sourced(checkout, "remove_containers 0123456789abcdef", "kept_logs.sh")
    assert removed.returncode == 0, removed.stderr
    assert len(list(kept.iterdir())) == 60
    (newest,) = kept.glob("*-pipeline-0123456789ab.log.gz")
    assert subprocess.run(["gzip", "-dc", newest], capture_output=True, check=True).stdout == b"what it said\n"
    assert stat.S_IMODE(newest.stat().st_mode) == 0o600
    assert not list(kept.glob("*-api-000000000000.log.gz")), "the oldest have gone"
    assert (checkout / "calls").read_text().splitlines()[-1] == "docker rm --force 0123456789abcdef"


def test_the_logs_of_removed_containers_are_kept_up_to_a_size(checkout: Path, tool: Callable[[str, str], None]) -> None:
    kept = checkout / ".deploy" / "logs"
    kept.mkdir(parents=True)
    for hour, megabytes in ((1, 10), (2, 200), (3, 300), (4, 150)):
        path = kept / f"20260501T{hour:02}0000Z-api-000000000000.log.gz"
        path.touch()
        os.truncate(path, megabytes * 1_000_000)  # takes no room on the disk
    tool("docker", "echo api")
    assert sourced(checkout, "remove_containers 0123456789abcdef", "kept_logs.sh").returncode == 0
    assert sorted(path.name[9:11] for path in kept.glob("20260501T*")) == ["03", "04"]
    assert len(list(kept.iterdir())) == 3, "and the one that was written now"


@pytest.mark.parametrize(
    ("env_file", "environment", "refused"),
    [
        ("IMAGE_TAG=r1\n", {}, True),
        ("IMAGE_TAG=r1\nPULL_POLICY=missing\n", {}, False),
        ("IMAGE_TAG=r1\n", {"PULL_POLICY": "missing"}, False),
        ("", {}, False),
    ],
)
def test_a_tag_in_the_env_file_needs_a_policy(
    checkout: Path, tool: Callable[[str, str], None], env_file: str, environment: dict[str, str], refused: bool
) -> None:
    (checkout / ".env").write_text(env_file)
    tool("docker", "exit 0")
    ended = sourced(checkout, "configuration_is_read", **environment)
    said = "draft-queen: IMAGE_TAG=r1 is in .env without PULL_POLICY: add PULL_POLICY=missing, or remove IMAGE_TAG"
    assert (ended.returncode != 0, said in ended.stderr) == (refused, refused)


@pytest.mark.parametrize(
    ("env_file", "environment", "pulled"),
    [
        ("IMAGE_PREFIX=team/draft-queen-\n", {}, False),
        ("IMAGE_PREFIX=team/draft-queen-\n", {"PULL_POLICY": "missing"}, True),
        ("IMAGE_PREFIX=team/draft-queen-\nPULL_POLICY=always\n", {}, True),
        ("IMAGE_PREFIX=team/draft-queen-\n", {"PULL_POLICY": "build"}, False),
        ("IMAGE_PREFIX=registry.example.org/draft-queen-\n", {}, True),
        ("IMAGE_PREFIX=team/draft-queen-\nPULL_POLICY=always\n", {"PULL": "0"}, False),
    ],
)
def test_images_are_pulled_when_the_environment_or_the_env_file_says_so(
    checkout: Path, env_file: str, environment: dict[str, str], pulled: bool
) -> None:
    (checkout / ".env").write_text(env_file)
    said = sourced(checkout, 'if pulls; then echo pulled; fi; echo "for Compose: $PULL_POLICY"', "release_images.sh", **environment)
    assert said.stdout == ("pulled\n" if pulled else "") + "for Compose: missing\n", said.stderr


@pytest.fixture
def listener() -> Iterator[int]:
    """A port of another address of the loopback."""
    with socket.socket() as server:
        server.bind(("127.0.0.2", 0))
        server.listen()
        yield server.getsockname()[1]


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs the kernel's list of connections")
@pytest.mark.parametrize(("address", "taken"), [("127.0.0.2", True), ("0.0.0.0", True), ("", True), ("127.0.0.1", False)])  # noqa: S104
def test_a_port_is_taken_only_for_the_addresses_that_the_other_has(
    checkout: Path, tool: Callable[[str, str], None], listener: int, address: str, taken: bool
) -> None:
    tool("docker", "exit 0")
    said = sourced(checkout, f"taken_by {listener} project '{address}'", "stack_ports.sh")
    assert said.returncode == 0, said.stderr
    assert bool(said.stdout) is taken
    assert not taken or f"process {os.getpid()}" in said.stdout or said.stdout == "another program\n"


@pytest.mark.parametrize(("published", "said"), [("mine|mine-proxy-1", ""), ("other|other-web-1", "container other-web-1\n")])
def test_a_container_that_has_the_port_is_named_unless_it_is_ours(
    checkout: Path, tool: Callable[[str, str], None], published: str, said: str
) -> None:
    tool("docker", f"echo '{published}'")
    assert sourced(checkout, "taken_by 443 mine", "stack_ports.sh").stdout == said


@needs_openssl
@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs the kernel's list of connections")
def test_a_deploy_looks_at_the_ports_first_and_completes_the_env_file(
    checkout: Path, tool: Callable[[str, str], None], listener: int
) -> None:
    (checkout / "docker").mkdir()
    assert run(checkout, "bash", "scripts/secrets.sh", "make").returncode == 0
    ports = f"BIND_ADDRESS=127.0.0.2\nHTTP_PORT={free_ports(1)[0]}\nHTTPS_PORT={listener}\n"
    (checkout / ".env").write_text(ports)
    tool("docker", 'echo "docker $*" >>"$HOME/calls"; [[ $1 != volume ]]')  # there is none yet
    refused = run(checkout, "bash", "scripts/deploy.sh", "deploy", RELEASE="new")
    assert refused.returncode == 1
    assert f"ports are taken: {listener} (HTTPS_PORT) by " in refused.stderr
    assert "nothing was changed." in refused.stderr
    calls = (checkout / "calls").read_text()
    assert not [word for word in (" build", " up ", " pull", " run ") if word in calls]
    assert (checkout / ".env").read_text() == f"{ports}SECRETS_DIR=./secrets\n"
    assert (checkout / ".deploy" / "releases").read_text() == ""


@needs_openssl
def test_the_env_file_of_a_development_stack_stays_as_it_is(checkout: Path, tool: Callable[[str, str], None]) -> None:
    (checkout / "docker").mkdir()
    secrets = str(checkout.parent / "secrets")
    assert run(checkout, "bash", "scripts/secrets.sh", "make", SECRETS_DIR=secrets).returncode == 0
    (checkout / ".env").write_text("RELEASE=mine\nCHECKOUT_DIR=/x\n")
    tool("docker", "exit 0")
    refused = run(checkout, "bash", "scripts/deploy.sh", "deploy", RELEASE="new", SECRETS_DIR=secrets)
    assert refused.returncode == 1
    assert "the .env here belongs to the development stack" in refused.stderr
    assert (checkout / ".env").read_text() == "RELEASE=mine\nCHECKOUT_DIR=/x\n"
