"""The files that describe containers, as far as they can be read without an engine."""

from __future__ import annotations

import json
import re
import tomllib
from typing import cast

import pytest
import yaml

from app.settings import Settings
from tests.conftest import CHECKOUT
from tools.compose_variables import COMPOSE_VARIABLES, PRODUCTION_VARIABLES

COMPOSE = cast("dict[str, dict[str, dict[str, object]]]", yaml.safe_load((CHECKOUT / "compose.dev.yaml").read_text()))
WORKFLOW = (CHECKOUT / ".github" / "workflows" / "ci.yml").read_text()


def devcontainer() -> dict[str, object]:
    """devcontainer.json without its comments."""
    text = (CHECKOUT / ".devcontainer" / "devcontainer.json").read_text()
    return cast("dict[str, object]", json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE)))


@pytest.mark.parametrize("service", COMPOSE["services"])
def test_ports_are_published_on_the_loopback_and_can_be_moved(service: str) -> None:
    defaults = {variable.name: variable.default for variable in COMPOSE_VARIABLES if variable.is_port}
    for port in cast("list[str]", COMPOSE["services"][service].get("ports", [])):
        found = re.fullmatch(r"127\.0\.0\.1:\$\{(\w+):-(\d+)\}:\d+", port)
        assert found is not None, port
        assert defaults[found[1]] == found[2]


def test_no_container_has_a_fixed_name() -> None:
    assert not [name for name, service in COMPOSE["services"].items() if "container_name" in service]


@pytest.mark.parametrize("service", COMPOSE["services"])
def test_every_service_says_how_it_is_unless_it_ends_by_itself_or_is_a_tool(service: str) -> None:
    configuration = COMPOSE["services"][service]
    assert "healthcheck" in configuration or configuration.get("restart") == "no" or configuration.get("profiles") == ["tools"]


@pytest.mark.parametrize(
    "service", [name for name, service in COMPOSE["services"].items() if str(service.get("image", "")).endswith("-dev")]
)
def test_the_one_supervisor_of_our_code_is_the_development_loop(service: str) -> None:
    configuration = COMPOSE["services"][service]
    command = cast("list[str]", configuration["command"])
    assert command[0] == "devloop" or configuration["restart"] == "no"
    assert not any("serve" in word.split() for word in command)


def test_every_variable_of_compose_is_documented() -> None:
    used = set(re.findall(r"\$\{(\w+)[:}]", (CHECKOUT / "compose.dev.yaml").read_text()))
    documented = {variable.name for variable in (*COMPOSE_VARIABLES, *PRODUCTION_VARIABLES)}
    assert used <= documented | {name.upper() for name in Settings.model_fields}


def test_logs_are_for_people_unless_env_says_otherwise() -> None:
    """A value here would win over the one in .env, which the processes read from the mounted checkout."""
    for name in ("api", "pipeline", "migrate"):
        given = cast("dict[str, str]", COMPOSE["services"][name]["environment"])
        assert not given.keys() & {"LOG_FORMAT", "LOG_LEVEL"}


def test_what_is_mounted_from_the_host_may_be_read_under_selinux() -> None:
    mounts = [
        mount
        for service in COMPOSE["services"].values()
        for mount in cast("list[dict[str, object]]", service.get("volumes", []))
        if mount["type"] == "bind"
    ]
    assert len(mounts) >= 6
    assert all(mount["bind"] == {"selinux": "z"} for mount in mounts)


def test_the_editor_joins_what_compose_starts() -> None:
    configuration = devcontainer()
    assert configuration["dockerComposeFile"] == "../compose.dev.yaml"
    assert configuration["service"] in COMPOSE["services"]
    assert configuration["overrideCommand"] is False
    assert set(cast("list[str]", configuration["runServices"])) <= set(COMPOSE["services"])
    volumes = cast("list[dict[str, str]]", COMPOSE["services"]["api"]["volumes"])
    assert configuration["workspaceFolder"] == volumes[0]["target"]
    forwarded = {str(port) for port in cast("list[object]", configuration["forwardPorts"])}
    assert forwarded == set(cast("dict[str, object]", configuration["portsAttributes"]))


def test_actions_are_pinned_by_hash_and_nothing_may_write() -> None:
    used = re.findall(r"uses: (\S+)", WORKFLOW)
    assert used
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action) for action in used)
    jobs = cast("dict[str, dict[str, dict[str, str]]]", yaml.safe_load(WORKFLOW)["jobs"])
    assert all(job["permissions"] == {"contents": "read"} for job in jobs.values())


def test_the_public_checks_are_those_of_this_repository() -> None:
    """Every `make` step of .ci/run, and nothing that it does not have."""
    ours = set(re.findall(r"make ([\w-]+)", (CHECKOUT / ".ci" / "run").read_text()))
    theirs = set(re.findall(r'run: (?:sudo env "PATH=\$PATH" )?make ([\w-]+)', WORKFLOW))
    assert theirs == ours


def test_what_is_left_out_of_images_by_name() -> None:
    lines = [line for line in (CHECKOUT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    kept = {line[1:] for line in lines if line.startswith("!")}
    assert not kept & {".git", ".env", "tests", "secrets", ".venv", ".data"}


def test_the_images_label_tells_the_projects_version() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    assert f"ARG VERSION={project['version']}\n" in (CHECKOUT / "Dockerfile").read_text()
