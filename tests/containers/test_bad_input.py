"""What people do wrong: one sentence with the cure, and nothing half-started left behind."""

from __future__ import annotations

import os
import re
import shutil
import socket
import stat
from pathlib import Path

import pytest

from tests.containers.stack import Ended, Stack, run


def refused(ended: Ended, *words: str) -> None:
    """It failed, and its last words are one sentence that names the cure."""
    assert ended.returncode != 0
    said = [line for line in (ended.stdout + ended.stderr).splitlines() if line.startswith("draft-queen:")]
    assert len(said) == 1, ended.stdout + ended.stderr
    for word in words:
        assert word in said[0]
    assert "Traceback" not in ended.stdout + ended.stderr


def nothing_is_left(stack: Stack) -> None:
    assert stack.containers() == {}


def set_env(stack: Stack, name: str, value: str) -> None:
    stack.run("bash", "scripts/stack.sh", "env")
    path = stack.folder / ".env"
    path.write_text(re.sub(rf"^{name}=.*$", f"{name}={value}", path.read_text(), flags=re.MULTILINE))


@pytest.mark.parametrize("name", ["API_PORT", "API_DEBUG_PORT", "POSTGRES_PORT"])
def test_a_taken_port(another: Stack, name: str) -> None:
    with socket.create_server(("127.0.0.1", another.port(name))):
        ended = another.make("up-d", check=False)
    refused(ended, f"{another.port(name)} ({name})", f"make up INSTANCE={another.instance + 1}")
    nothing_is_left(another)


def test_a_port_taken_by_another_stack_names_it(another: Stack) -> None:
    holder = run(
        [
            "docker",
            "run",
            "--detach",
            "--rm",
            "--publish",
            f"127.0.0.1:{another.port('REDIS_PORT')}:6379",
            "--name",
            "port-holder",
            "redis:8",
        ]
    )
    try:
        refused(another.make("up-d", check=False), "REDIS_PORT", "container port-holder")
    finally:
        run(["docker", "rm", "--force", holder.stdout.strip()])
    nothing_is_left(another)


def test_a_missing_secret(another: Stack) -> None:
    set_env(another, "POSTGRES_PASSWORD", "")
    refused(another.make("up-d", check=False), "POSTGRES_PASSWORD", "give it a value")
    nothing_is_left(another)


def test_a_port_that_is_none_and_one_given_twice(another: Stack) -> None:
    set_env(another, "API_PORT", "eighty")
    refused(another.make("up-d", check=False), "API_PORT=eighty", "from 1 to 65535")
    set_env(another, "API_PORT", str(another.port("PGADMIN_PORT")))
    refused(another.make("up-d", check=False), "two services")
    nothing_is_left(another)


def test_a_line_that_is_none(another: Stack) -> None:
    another.run("bash", "scripts/stack.sh", "env")
    with (another.folder / ".env").open("a") as file:
        file.write("rubbish here\n")
    refused(another.make("up-d", check=False), "cannot be read together", "correct that line")
    nothing_is_left(another)


def test_targets_for_a_running_stack_say_how_to_get_one(another: Stack) -> None:
    for target in ("psql", "shell", "logs", "pgcli", "test-in-container"):
        refused(another.make(target, check=False), "not running", "make up")


def test_a_wrong_password(another: Stack) -> None:
    another.make("up-d")
    another.make("down")
    set_env(another, "POSTGRES_PASSWORD", "another-one")
    refused(another.make("up-d", check=False), "another POSTGRES_PASSWORD", "make clean")
    nothing_is_left(another)
    set_env(another, "POSTGRES_PASSWORD", "draft_queen")
    another.make("up-d")
    assert another.ready()


def test_a_half_made_volume(another: Stack) -> None:
    another.run("bash", "scripts/stack.sh", "env")
    another.started = True
    volume = f"{another.project}_database"
    labels = ["--label", f"com.docker.compose.project={another.project}", "--label", "com.docker.compose.volume=database"]
    run(["docker", "volume", "create", *labels, volume])
    # what an initdb leaves that was killed: the version's file, a server that starts, no database of ours
    initdb = "initdb -D /var/lib/postgresql/18/docker --username=postgres --auth=trust >/dev/null"
    script = f"install -d -o postgres /var/lib/postgresql/18/docker && PATH=$PATH:/usr/lib/postgresql/18/bin gosu postgres {initdb}"
    server = ["--user=0", "--entrypoint=bash", "--volume", f"{volume}:/var/lib/postgresql", "postgres:18-trixie"]
    run(["docker", "run", "--rm", *server, "-c", script])
    refused(another.make("up-d", check=False), "volume is incomplete", "make clean")
    nothing_is_left(another)


def test_a_volume_of_an_older_postgresql(another: Stack) -> None:
    another.run("bash", "scripts/stack.sh", "env")
    another.started = True
    volume = f"{another.project}_database"
    labels = ["--label", f"com.docker.compose.project={another.project}", "--label", "com.docker.compose.volume=database"]
    run(["docker", "volume", "create", *labels, volume])
    # as the images up to version 17 left it, and as those from 18 on do
    for folder, version in (("/v", "16"), ("/v/17/docker", "17")):
        script = f"mkdir -p {folder} && echo {version} >{folder}/PG_VERSION"
        run(["docker", "run", "--rm", "--user=0", "--entrypoint=bash", "--volume", f"{volume}:/v", "postgres:18-trixie", "-c", script])
        refused(another.make("up-d", check=False), f"holds a database of PostgreSQL {version}", "docs/troubleshooting.md")
        nothing_is_left(another)
    found = another.run("docker", "run", "--rm", "--volume", f"{volume}:/v", "--entrypoint=find", "postgres:18-trixie", "/v", "-type", "f")
    assert sorted(found.stdout.split()) == ["/v/17/docker/PG_VERSION", "/v/PG_VERSION"], "nothing was written"


def test_an_engine_without_compose(another: Stack, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    tmp_path.chmod(0o755)
    docker = tools / "docker"
    real = shutil.which("docker")
    docker.write_text(f'#!/bin/sh\n[ "$1" != compose ] || {{ echo "unknown command: compose" >&2; exit 1; }}\nexec {real} "$@"\n')
    docker.chmod(0o755)
    for folder in (*tmp_path.parents, tmp_path):
        if folder.stat().st_uid == os.getuid() and not folder.stat().st_mode & stat.S_IXOTH:
            folder.chmod(folder.stat().st_mode | stat.S_IXOTH)
    refused(another.make("up-d", check=False, PATH=f"{tools}:{os.environ['PATH']}"), "no 'compose' command", "install its plugin")
    nothing_is_left(another)


def test_no_engine(another: Stack) -> None:
    refused(another.make("up-d", check=False, DOCKER_HOST="unix:///nowhere/docker.sock"), "does not respond", "make run")


def test_windows_line_ends(another: Stack) -> None:
    for path in (*another.folder.glob("scripts/*.sh"), *another.folder.glob("docker/**/*.sh"), another.folder / "Makefile"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    refused(another.make("up-d", check=False), "Windows line ends", "git config core.autocrlf input")
    nothing_is_left(another)


def test_a_checkout_whose_data_have_windows_line_ends_still_works(another: Stack) -> None:
    """Only what a shell reads is touchy; configuration is read either way."""
    for pattern in ("docker/**/*.conf", "docker/**/*.sql", "docker/**/*.json", "docker/*.sh", "app/**/*.py", ".env.example"):
        for path in another.folder.glob(pattern):
            path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    another.make("up-d")
    assert another.ready()


@pytest.mark.parametrize("number", ["0", "21", "two"])
def test_an_instance_that_is_none(another: Stack, number: str) -> None:
    refused(another.make("up-d", check=False, INSTANCE=number), f"INSTANCE={number}", "from 1 to 20")


def test_a_second_user_meets_files_of_the_first(another: Stack) -> None:
    """A container for one user on the checkout of another says so instead of failing at the first write."""
    another.make("up-d")
    dev = f"{another.project}-dev"
    ended = run(["docker", "run", "--rm", "--user=4321", "--volume", f"{another.folder}:/workspace", dev], check=False)
    assert ended.returncode == 2
    assert f"The checkout belongs to user {another.uid} and this container runs as 4321" in ended.stderr
    ended = run(["docker", "run", "--rm", dev], check=False)
    assert ended.stderr == (
        "Error: The checkout is not mounted at /workspace: start the container with 'make up' or from the dev container.\n"
    )


def test_clean_asks_and_then_removes_the_stack_with_its_data(another: Stack) -> None:
    another.make("up-d")
    kept = another.run("bash", "-c", "echo n | make clean")
    assert f"volume {another.project}_database" in kept.stdout
    assert "Nothing was removed." in kept.stdout
    assert another.ready()
    gone = another.run("bash", "-c", "echo y | make clean")
    assert "Removed." in gone.stdout
    nothing_is_left(another)
    volumes = another.run("docker", "volume", "ls", "--quiet", "--filter", f"label=com.docker.compose.project={another.project}").stdout
    assert volumes == ""
    assert "Nothing to remove." in another.make("clean").stdout
