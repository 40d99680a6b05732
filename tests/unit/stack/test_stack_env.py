"""What `make up` writes into .env, without an engine: scripts/stack.sh env in checkouts of all kinds."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from app.settings import load_settings
from cli.doctor.machine import PRODUCTION_SIGNS
from tests.conftest import CHECKOUT
from tests.unit.stack.conftest import GIT, GOOD, values
from tools.compose_variables import COMPOSE_VARIABLES, MOST_INSTANCES, PORT_STEP


def prepare(folder: Path, instance: str = "") -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "INSTANCE": instance, "HOME": str(folder)}
    return subprocess.run(["bash", "scripts/stack.sh", "env"], cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_a_new_one_is_the_example_with_what_the_machine_knows(checkout: Path) -> None:
    assert prepare(checkout).returncode == 0
    written = values(checkout)
    assert {name: written[name] for name in ("COMPOSE_FILE", "API_PORT", "INSTANCE")} == {
        "COMPOSE_FILE": "compose.dev.yaml",
        "API_PORT": "8000",
        "INSTANCE": "1",
    }
    assert int(written["HOST_UID"]) == checkout.stat().st_uid
    assert written["CHECKOUT_DIR"] == str(checkout)
    assert written["GIT_COMMON_DIR"] == str(checkout / ".git")
    assert load_settings(checkout / ".env").port == 8000  # no name in it is taken for a misspelt setting


def test_the_second_time_changes_nothing(checkout: Path) -> None:
    prepare(checkout)
    before = (checkout / ".env").read_bytes()
    prepare(checkout)
    assert (checkout / ".env").read_bytes() == before
    assert {path.name for path in checkout.glob(".env*")} == {".env.example", ".env"}


def test_what_a_person_wrote_stays(checkout: Path) -> None:
    (checkout / ".env").write_text("LOG_LEVEL=DEBUG\r\nAPI_PORT=8123\nPOSTGRES_PASSWORD='it is $mine & \"quoted\"'\n# a remark\n")
    assert prepare(checkout).returncode == 0
    text = (checkout / ".env").read_text()
    assert "LOG_LEVEL=DEBUG" in text
    assert "API_PORT=8123\n" in text
    assert "POSTGRES_PASSWORD='it is $mine & \"quoted\"'\n" in text
    assert "# a remark\n" in text
    assert values(checkout)["PGADMIN_PORT"] == "5050"  # what was missing is there


@pytest.mark.parametrize(
    "line", [*(f"{name}=x" for name in sorted(PRODUCTION_SIGNS)), "export HTTPS_PORT=8443", "  BIND_ADDRESS=127.0.0.1"]
)
def test_an_operators_is_refused_and_stays(checkout: Path, line: str) -> None:
    (checkout / ".env").write_text(f"{line}\n")
    refused = prepare(checkout)
    assert refused.returncode == 1
    assert refused.stderr == "draft-queen: the .env here belongs to production: keep the development stack in a separate checkout.\n"
    assert (checkout / ".env").read_text() == f"{line}\n"


def test_the_scripts_and_the_doctor_know_production_by_the_same_names(checkout: Path) -> None:
    ran = subprocess.run(
        ["bash", "-c", 'source scripts/stack_env.sh; echo "$PRODUCTION_SIGNS"'], cwd=checkout, capture_output=True, text=True, check=True
    )
    assert frozenset(ran.stdout.strip().split("|")) == PRODUCTION_SIGNS


def test_a_developer_may_name_a_release(checkout: Path) -> None:
    """It is a setting of every process (.env.example)."""
    (checkout / ".env").write_text("RELEASE=mine\n")
    prepared = prepare(checkout)
    assert (prepared.returncode, prepared.stderr) == (0, "")
    assert "RELEASE=mine\n" in (checkout / ".env").read_text()


@pytest.mark.parametrize("command", ["backup", "list", "restore"])
def test_production_refuses_the_development_stacks_file(checkout: Path, command: str) -> None:
    for name in ("scripts/backups.sh", "scripts/production.sh"):
        shutil.copy(CHECKOUT / name, checkout / name)
    assert prepare(checkout).returncode == 0
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    refused = subprocess.run(
        ["bash", "scripts/backups.sh", command], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )
    assert refused.returncode == 1
    assert refused.stderr == "draft-queen: the .env here belongs to the development stack: keep production in a separate checkout.\n"


def test_what_a_restore_kept_is_removed_with_the_image_that_runs(
    checkout: Path, tmp_path: Path, engine: Callable[[str], dict[str, str]]
) -> None:
    for name in ("scripts/backups.sh", "scripts/production.sh"):
        shutil.copy(CHECKOUT / name, checkout / name)
    (checkout / "secrets").mkdir()
    asked = tmp_path / "asked"
    docker = f"""echo "$PULL_POLICY $IMAGE_TAG $*" >>"{asked}"
case "$*" in *"service=api") echo abc ;; inspect*) echo x-runtime:third ;; esac"""
    ended = subprocess.run(
        ["bash", "scripts/backups.sh", "forget"], cwd=checkout, env=engine(docker), capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    compose = "compose --progress quiet -f compose.prod.yaml"
    assert asked.read_text().splitlines()[-1] == f"missing third {compose} run --rm --no-deps --no-TTY --quiet-pull restore forget"


@pytest.mark.parametrize(
    ("volume", "command", "said"),
    [
        (
            "exit 1",
            "list",
            "this machine has no backups: start production with 'make secrets', then 'make deploy', which also starts backups.",
        ),
        (
            "exit 1",
            "restore",
            "this machine has no backups: start production with 'make secrets', then 'make deploy', which also starts backups.",
        ),
        ("exit 0", "restore", "this checkout has no secrets: run 'make secrets', then 'make deploy'."),
    ],
)
def test_where_production_never_ran_nothing_is_started(
    checkout: Path, tmp_path: Path, engine: Callable[[str], dict[str, str]], volume: str, command: str, said: str
) -> None:
    for name in ("scripts/backups.sh", "scripts/production.sh"):
        shutil.copy(CHECKOUT / name, checkout / name)
    asked = tmp_path / "asked"
    docker = f'echo "$*" >>"{asked}"; case "$*" in "volume inspect "*) {volume} ;; esac'
    refused = subprocess.run(
        ["bash", "scripts/backups.sh", command], cwd=checkout, env=engine(docker), capture_output=True, text=True, check=False
    )
    assert (refused.returncode, refused.stderr) == (1, f"draft-queen: {said}\n")
    assert not [line for line in asked.read_text().splitlines() if re.search(r"\b(run|up|create|start|stop)\b", line)]


@pytest.mark.parametrize("number", [2, 20])
def test_an_instance_moves_name_and_ports(checkout: Path, number: int) -> None:
    assert prepare(checkout, str(number)).returncode == 0
    written = values(checkout)
    assert re.fullmatch(rf"draft-queen-[0-9a-f]{{6}}-{number}", written["COMPOSE_PROJECT_NAME"])
    for variable in COMPOSE_VARIABLES:
        if variable.is_port:
            assert int(written[variable.name]) == int(variable.default) + PORT_STEP * (number - 1)
    prepare(checkout)  # remembered
    assert values(checkout)["INSTANCE"] == str(number)
    prepare(checkout, "1")
    assert re.fullmatch(r"draft-queen-[0-9a-f]{6}", values(checkout)["COMPOSE_PROJECT_NAME"])
    assert values(checkout)["API_PORT"] == "8000"


def test_the_port_of_a_service_that_is_added_later_is_that_of_the_instance(checkout: Path) -> None:
    assert prepare(checkout, "3").returncode == 0
    with (checkout / ".env.example").open("a") as example:
        example.write("STANDINGS_PORT=8090\nSTANDINGS_NAME=x\n")  # as `make service` and `git pull` do
    assert prepare(checkout).returncode == 0
    assert (values(checkout)["STANDINGS_PORT"], values(checkout)["STANDINGS_NAME"]) == (str(8090 + 2 * PORT_STEP), "x")


@pytest.mark.parametrize("number", ["0", "21", "-1", "two", "1 2", "007"])
def test_an_instance_that_is_none(checkout: Path, number: str) -> None:
    ended = prepare(checkout, number)
    assert ended.returncode == 1
    assert ended.stderr == f"draft-queen: INSTANCE={number} is not a number from 1 to {MOST_INSTANCES}.\n"


def test_no_two_instances_share_a_port() -> None:
    """Nor has any that a browser opens a number that browsers refuse."""
    refused = {5060, 5061, 6000, 6566, *range(6665, 6670), 6679, 6697, 10080}
    ports = [
        int(variable.default) + PORT_STEP * number for variable in COMPOSE_VARIABLES if variable.is_port for number in range(MOST_INSTANCES)
    ]
    assert len(set(ports)) == len(ports)
    opened = ("API_PORT", "PGADMIN_PORT", "ADMINER_PORT", "REDIS_COMMANDER_PORT")
    first = {int(variable.default) for variable in COMPOSE_VARIABLES if variable.name in opened}
    assert not refused & {port + PORT_STEP * number for port in first for number in range(MOST_INSTANCES)}
    assert max(ports) < 65536


def test_script_and_code_agree() -> None:
    text = (CHECKOUT / "scripts" / "stack_env.sh").read_text()
    assert f"PORT_STEP={PORT_STEP} MOST_INSTANCES={MOST_INSTANCES}" in text


def test_worktrees_get_instances_of_their_own(checkout: Path) -> None:
    prepare(checkout)
    numbers = []
    for name in ("first", "second"):
        place = checkout.parent / name
        subprocess.run([*GIT, "worktree", "add", "--quiet", str(place), "-b", name], cwd=checkout, check=True)
        assert prepare(place).returncode == 0
        written = values(place)
        assert written["GIT_COMMON_DIR"] == str(checkout / ".git")
        numbers.append(written["INSTANCE"])
    assert numbers == ["2", "3"]


def test_every_checkout_has_a_name_of_its_own(checkout: Path) -> None:
    prepare(checkout)
    name = values(checkout)["COMPOSE_PROJECT_NAME"]
    copy = checkout.parent / "copy"
    shutil.copytree(checkout, copy)
    prepare(copy)
    assert values(copy)["COMPOSE_PROJECT_NAME"] != name
    moved = checkout.parent / "moved"
    checkout.rename(moved)
    prepare(moved)
    assert values(moved)["COMPOSE_PROJECT_NAME"] == name
    assert values(moved)["CHECKOUT_DIR"] == str(moved)


def test_another_projects_environment_is_not_ours(checkout: Path) -> None:
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(checkout),
        "COMPOSE_PROJECT_NAME": "precious",
        "COMPOSE_FILE": "x.yaml",
    }
    script = 'source scripts/stack_env.sh; env | grep ^COMPOSE_ || echo "nothing of theirs"'
    said = subprocess.run(["bash", "-c", script], cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    assert said.stdout == "nothing of theirs\n"


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("API_PORT=8123 # mine", "8123"),
        ("export API_PORT=8123", "8123"),
        ("  API_PORT='8123'  # mine", "8123"),
        ('API_PORT="8123"\r', "8123"),
        ("API_PORT=8123   ", "8123"),
    ],
)
def test_a_line_is_read_as_compose_reads_it(checkout: Path, line: str, read: str) -> None:
    (checkout / ".env").write_text(f"{line}\n")
    assert prepare(checkout).returncode == 0
    script = "source scripts/stack_env.sh; env_value API_PORT"
    said = subprocess.run(["bash", "-c", script], cwd=checkout, capture_output=True, text=True, check=False)
    assert said.stdout.strip() == read
    assert (checkout / ".env").read_text().count("API_PORT=") == 1


def test_a_place_that_env_cannot_hold(checkout: Path) -> None:
    odd = checkout.parent / "it's here"
    checkout.rename(odd)
    ended = prepare(odd)
    assert ended.returncode == 1
    assert ended.stderr == f"draft-queen: CHECKOUT_DIR={odd} contains a ' or a line break, which .env cannot hold: move the checkout.\n"


def test_a_value_that_env_cannot_hold_is_named(checkout: Path) -> None:
    (checkout / ".env").touch()
    script = 'fail() { echo "$*" >&2; exit 1; }; source scripts/stack_env.sh; set_env_value SECRETS_DIR "/it\'s here"'
    ended = subprocess.run(["bash", "-c", script], cwd=checkout, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    reason = "contains a ' or a line break, which .env cannot hold: choose another value."
    assert ended.stderr == f"draft-queen: SECRETS_DIR=/it's here {reason}\n"


def test_a_password_that_pgadmin_cannot_hold(checkout: Path) -> None:
    (checkout / ".env").write_text("POSTGRES_PASSWORD='a\\b'\n")
    ended = prepare(checkout)
    assert (ended.returncode, "choose another" in ended.stderr) == (1, True)


def test_without_timeout_as_on_macos(checkout: Path, tmp_path: Path, engine: Callable[[str], dict[str, str]]) -> None:
    environment = engine(GOOD.format(compose="2.40.3", security=""))
    tools = tmp_path / "tools"
    for name in (
        "bash",
        "awk",
        "sed",
        "grep",
        "cut",
        "cksum",
        "id",
        "git",
        "cp",
        "cat",
        "cmp",
        "rm",
        "mktemp",
        "chmod",
        "chown",
        "stat",
        "dirname",
        "head",
        "sort",
        "ss",
        "env",
    ):
        place = shutil.which(name, path="/usr/bin:/bin:/usr/local/bin")
        if place is not None:
            (tools / name).symlink_to(place)
    ended = subprocess.run(
        ["/bin/bash", "scripts/stack.sh", "check"],
        cwd=checkout,
        env={**environment, "PATH": str(tools), "INSTANCE": "20"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


def test_without_git_it_works_too(checkout: Path) -> None:
    shutil.rmtree(checkout / ".git")
    assert prepare(checkout).returncode == 0
    assert values(checkout)["GIT_COMMON_DIR"] == str(checkout)


def test_an_empty_password_is_said(checkout: Path) -> None:
    (checkout / ".env").write_text("POSTGRES_PASSWORD=\n")
    ended = prepare(checkout)
    assert ended.returncode == 1
    assert "POSTGRES_PASSWORD in .env is empty" in ended.stderr


def test_configuration_is_readable_in_spite_of_a_private_umask(checkout: Path) -> None:
    (checkout / "docker" / "redis" / "redis.conf").chmod(0o600)
    (checkout / "docker").chmod(0o700)
    prepare(checkout)
    assert (checkout / "docker" / "redis" / "redis.conf").stat().st_mode & 0o777 == 0o644
    assert (checkout / "docker").stat().st_mode & 0o777 == 0o755
