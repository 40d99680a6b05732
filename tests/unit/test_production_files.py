"""compose.prod.yaml: what every service is kept from, and in what it differs from development."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from app.server import DRAIN_SECONDS, configuration
from app.settings import Settings
from app.settings.model import load_settings
from pipeline.options import LoadOptions
from pipeline.worker import WorkerOptions
from scripts.generated_docs import default_of
from tests.conftest import CHECKOUT
from tests.support import compose
from tools.compose_variables import PRODUCTION_VARIABLES

PATH = CHECKOUT / "compose.prod.yaml"
FILE = compose.load(PATH, {"SECRETS_DIR": "./secrets"})
SERVICES = compose.services(PATH)
DEVELOPMENT = compose.services(CHECKOUT / "compose.dev.yaml")
SHARED = sorted(SERVICES.keys() & DEVELOPMENT.keys())
PROXY = CHECKOUT / "docker" / "proxy"


def bytes_of(amount: str) -> int:
    return int(amount[:-1]) * {"m": 2**20, "g": 2**30}[amount[-1]]


# --- every service ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SERVICES)
class TestEveryService:
    def test_has_no_rights(self, name: str) -> None:
        service = SERVICES[name]
        user, _, group = str(service["user"]).partition(":")
        assert int(user) > 0
        assert int(group) > 0
        assert service["cap_drop"] == ["ALL"]
        assert "cap_add" not in service
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert not {"privileged", "devices", "pid", "ipc", "userns_mode"} & set(service)
        assert service.get("network_mode", "none") == "none"

    def test_writes_nothing_but_what_is_named(self, name: str) -> None:
        service = SERVICES[name]
        assert service["read_only"] is True
        for tmpfs in service["tmpfs"]:
            assert re.search(r"[:,]size=\d+m", tmpfs), "memory without an end"
            assert {"noexec", "nosuid", "nodev"} <= set(tmpfs.partition(":")[2].split(","))

    def test_mounts_no_code(self, name: str) -> None:
        binds = [volume for volume in SERVICES[name].get("volumes", []) if volume["type"] == "bind"]
        assert all(bind["read_only"] and bind["source"].startswith(("docker/postgres", "docker/redis")) for bind in binds)
        assert name in ("db", "redis") or not binds

    def test_has_limits_and_reservations(self, name: str) -> None:
        resources = SERVICES[name]["deploy"]["resources"]
        limits, reserved = resources["limits"], resources["reservations"]
        assert 0 < float(reserved["cpus"]) <= float(limits["cpus"]) <= 1, "the engine refuses more processors than there are"
        assert 0 < bytes_of(reserved["memory"]) <= bytes_of(limits["memory"])
        assert 0 < limits["pids"] <= 512

    def test_has_logs_that_end(self, name: str) -> None:
        logging = SERVICES[name]["logging"]
        assert logging["driver"] == "json-file"
        assert set(logging["options"]) == {"max-size", "max-file"}

    def test_starts_again_and_says_how_it_is(self, name: str) -> None:
        service = SERVICES[name]
        if name in ("migrate", "restore"):  # end by themselves
            assert service["restart"] == "no"
            assert service["healthcheck"] == {"disable": True}
        else:
            assert service["restart"] == "unless-stopped"
            health = service["healthcheck"]
            assert {"test", "interval", "timeout", "start_period", "start_interval"} <= set(health)
            assert compose.seconds(health["timeout"]) < compose.seconds(health["interval"])

    def test_has_no_secret_in_its_environment(self, name: str) -> None:
        for key, value in SERVICES[name].get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|TOKEN|KEY|REDIS_URL", key):
                assert key.endswith("_FILE")
                assert value == "/proc/sys/kernel/random/uuid" or value.removeprefix("/run/secrets/") in SERVICES[name]["secrets"]
            assert not re.search(r"://[^/@]*:[^/@]+@", str(value)), f"{key} carries a password"

    def test_has_no_fixed_name_and_nothing_of_development(self, name: str) -> None:
        service = SERVICES[name]
        assert "container_name" not in service
        assert service.get("build", {}).get("target") != "dev"
        text = str(service).lower()
        assert not [word for word in ("reload", "debug", "pgadmin", "workspace") if word in text]


def test_development_without_an_env_file_has_another_project() -> None:
    """Under the same name, Compose would replace the containers of one by those of the other."""
    assert compose.load(CHECKOUT / "compose.dev.yaml")["name"] != FILE["name"]


# --- images ----------------------------------------------------------------------------------------------------------------------

OURS = {name: service for name, service in SERVICES.items() if "pull_policy" in service}
BUILT = {name: service for name, service in OURS.items() if "build" in service}


def test_plain_compose_builds_what_is_in_the_checkout_under_a_tag_of_its_own() -> None:
    assert set(OURS) == SERVICES.keys() - {"db", "redis"}
    for name, service in BUILT.items():
        assert service["pull_policy"] == "build", name
        assert service["image"] == f"draft-queen-{service['build']['target']}:local"
        assert service["build"]["args"] == {"REVISION": "local"}


def test_an_image_is_built_for_one_service_of_a_start() -> None:
    """Compose labels a build with its service: two builds for one tag are two images, and a second `up` replaces containers."""
    started = [service["image"] for service in BUILT.values() if "profiles" not in service]
    assert len(started) == len(set(started))
    for name, service in ((name, OURS[name]) for name in OURS.keys() - BUILT.keys()):
        assert service["pull_policy"] == "never", name
        builder = next(builder for builder, built in BUILT.items() if built["image"] == service["image"])
        assert builder in service["depends_on"], f"{name} alone would be started without its image"


def test_the_name_of_an_image_carries_the_projects() -> None:
    named = compose.load(PATH, {"COMPOSE_PROJECT_NAME": "another"})["services"]
    assert {named[name]["image"].partition("-")[0] for name in OURS} == {"another"}
    elsewhere = compose.load(PATH, {"IMAGE_PREFIX": "registry.example.org/x-", "COMPOSE_PROJECT_NAME": "another"})["services"]
    assert elsewhere["api"]["image"] == "registry.example.org/x-runtime:local"


def test_a_release_is_rolled_out_without_a_list_in_the_script() -> None:
    """The services of our code have a label, by the anchor that they all begin with; the one that ends by itself does not."""
    rolled = {name for name, service in SERVICES.items() if service.get("labels") == {"draft-queen.rolled": "true"}}
    assert rolled == {name for name, service in SERVICES.items() if service["user"] == "10001:10001" and service["restart"] != "no"}
    assert {"api", "pipeline"} <= rolled


def test_the_image_without_a_target_is_the_runtime() -> None:
    assert (CHECKOUT / "Dockerfile").read_text().rstrip().splitlines()[-1] == "FROM runtime AS default"


# --- networks, ports, secrets, time limits ---------------------------------------------------------------------------------------


def test_only_the_proxy_is_published() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert SERVICES["proxy"]["ports"] == ["0.0.0.0:80:8080", "0.0.0.0:443:8443"]


def test_only_the_proxy_has_a_way_in_and_only_the_pipeline_a_way_out() -> None:
    assert FILE["networks"]["data"] == {"internal": True}
    members = {name: set(service.get("networks", [])) for name, service in SERVICES.items()}
    assert members["db"] == members["redis"] == members["migrate"] == members["backup"] == {"data"}
    assert SERVICES["restore"]["network_mode"] == "none"
    assert {name for name, networks in members.items() if "edge" in networks} == {"proxy"}, "the way in"
    assert {name for name, networks in members.items() if "outside" in networks} == {"pipeline"}, "the way out"
    assert members["api"] == {"front", "data"}
    assert FILE["networks"]["front"] == {"internal": True}
    # so the API may take a client's address from the proxy, which sets it anew
    assert SERVICES["api"]["environment"]["FORWARDED_ALLOW_IPS"] == "*"
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in (CHECKOUT / "docker" / "proxy" / "draft-queen" / "pass.conf").read_text()


def test_every_secret_is_a_file_that_make_secrets_makes() -> None:
    text = (CHECKOUT / "scripts" / "secrets.sh").read_text()
    made = set(" ".join(re.findall(r"readonly (?:GENERATED|SECRETS)=\(([^)]*)\)", text)).split())
    assert set(FILE["secrets"]) <= made
    assert all(secret["file"] == f"./secrets/{name}" for name, secret in FILE["secrets"].items())
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert used == set(FILE["secrets"])


def test_the_webhook_is_off_by_default_and_its_key_is_the_pipelines_alone(tmp_path: Path) -> None:
    assert [name for name, service in SERVICES.items() if "webhook_secret" in service.get("secrets", [])] == ["pipeline"]
    assert [name for name, service in SERVICES.items() if "WEBHOOK_URL" in service.get("environment", {})] == ["pipeline"]
    key = tmp_path / "webhook_secret"
    key.write_text("k" * 43)

    def settings(**env: str) -> tuple[str | None, str | None]:
        given = compose.load(PATH, {"SECRETS_DIR": str(tmp_path), **env})["services"]["pipeline"]["environment"]
        assert given["WEBHOOK_SECRET_FILE"] == "/run/secrets/webhook_secret"
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("WEBHOOK_URL", given["WEBHOOK_URL"])
            environment.setenv("WEBHOOK_SECRET_FILE", str(key))
            found = load_settings(env_file=None)
        return found.webhook_url, found.webhook_secret

    assert settings() == (None, "k" * 43)
    assert settings(WEBHOOK_URL="https://hooks.example.org/draft") == ("https://hooks.example.org/draft", "k" * 43)


def test_nothing_is_killed_while_it_still_drains() -> None:
    grace = {name: compose.seconds(service["stop_grace_period"]) for name, service in SERVICES.items()}
    proxy = re.search(r"worker_shutdown_timeout (\d+)s;", (PROXY / "nginx.conf").read_text())
    assert proxy is not None
    worker = WorkerOptions(LoadOptions("", Path(), "web"))
    assert grace["api"] > DRAIN_SECONDS
    assert DRAIN_SECONDS < int(proxy[1]) < grace["proxy"]
    assert worker.stop_grace + worker.rollback_grace < grace["pipeline"]
    assert grace["db"] >= 30


def test_an_update_finds_enough_connections() -> None:
    text = (CHECKOUT / "docker" / "postgres" / "production.conf").read_text()
    allowed = re.search(r"^max_connections = (\d+)", text, re.MULTILINE)
    assert allowed is not None
    api = SERVICES["api"]
    assert 2 * int(api["deploy"]["replicas"]) * (int(api["environment"]["DATABASE_POOL_SIZE"]) + 1) < int(allowed[1])


# --- the database's roles, and backups -------------------------------------------------------------------------------------------


def test_the_superuser_is_reached_through_the_socket_alone() -> None:
    assert SERVICES["db"]["environment"]["POSTGRES_USER"] == "postgres"
    lines = [line.split() for line in (CHECKOUT / "docker" / "postgres" / "pg_hba.conf").read_text().splitlines() if line.strip()]
    rules = [tuple(line) for line in lines if not line[0].startswith("#")]
    assert rules[0] == ("local", "all", "all", "trust")
    assert rules[1] == ("host", "all", "postgres", "all", "reject")
    assert {rule[1:3] for rule in rules[2:]} == {
        ("draft_queen", "draft_queen"),
        ("draft_queen", "draft_queen_backup"),
        ("replication", "draft_queen_backup"),
    }
    assert {rule[4] for rule in rules[2:]} == {"scram-sha-256"}
    assert "hba_file = '/etc/postgresql/pg_hba.conf'" in (CHECKOUT / "docker" / "postgres" / "production.conf").read_text()


def test_backups_have_no_python_and_need_no_release_of_ours() -> None:
    stage = (CHECKOUT / "Dockerfile").read_text().split(" AS backup\n")[1]
    assert "${POSTGRES_IMAGE} AS backup" in (CHECKOUT / "Dockerfile").read_text()
    assert "--from=" not in stage
    assert SERVICES["backup"]["secrets"] == ["backup_password"]
    assert SERVICES["restore"]["build"] == SERVICES["backup"]["build"]
    assert SERVICES["restore"]["image"] == SERVICES["backup"]["image"]
    assert SERVICES["restore"]["profiles"] == ["restore"], "nothing starts it by itself"


def test_a_dead_backup_does_not_fill_the_databases_disk() -> None:
    text = (CHECKOUT / "docker" / "postgres" / "production.conf").read_text()
    assert re.search(r"^max_slot_wal_keep_size = \d+[MG]B$", text, re.MULTILINE)


def test_readiness_warns_after_more_than_one_round() -> None:
    hours = float(SERVICES["api"]["environment"]["BACKUP_MAX_AGE_HOURS"])
    assert hours * 3600 > int(SERVICES["backup"]["environment"]["BACKUP_EVERY_SECONDS"])


def test_every_variable_is_documented_with_its_default() -> None:
    documented = {variable.name: variable.default for variable in PRODUCTION_VARIABLES}
    settings = {name.upper(): default_of(field) for name, field in Settings.model_fields.items()}
    used = compose.variables(PATH)
    # the project's name is Compose's own, and CHECKOUT_DIR tells the development stack's .env from ours
    assert documented.keys() | {"CHECKOUT_DIR", "COMPOSE_PROJECT_NAME"} | (settings.keys() & used.keys()) == used.keys()
    # A tag without a policy becomes a policy that Compose refuses.
    assert used.pop("PULL_POLICY") == {""}
    used["IMAGE_TAG"].remove(documented["PULL_POLICY"])
    for name in used.keys() - {
        "CHECKOUT_DIR",
        "COMPOSE_PROJECT_NAME",
        "SECRETS_DIR",
        "IMAGE_PREFIX",
    }:  # the last two have no default of their own
        expected = documented.get(name, settings.get(name))
        assert {float_or_text(each) for each in used[name]} == {float_or_text(expected)}, name


def float_or_text(value: str | None) -> float | str | None:
    """15 and 15.0 are one default."""
    try:
        return float(value or "")
    except ValueError:
        return value


# --- development and production --------------------------------------------------------------------------------------------------

#: Settings that both give, to different values.
DIFFERENT_VALUES = {"ENVIRONMENT", "POSTGRES_USER"}
#: Settings of hot reload and of the stack's wrapper, which production does not have.
DEVELOPMENT_ONLY = re.compile(r"POLLING|^DEVLOOP_|^STACK_")


@pytest.mark.parametrize("name", SHARED)
def test_production_sets_what_development_sets(name: str) -> None:
    ours, theirs = (dict(services[name].get("environment", {})) for services in (SERVICES, DEVELOPMENT))
    given = {key.removesuffix("_FILE") for key in ours}  # secrets are files in production
    assert not [key for key in theirs if key not in given and not DEVELOPMENT_ONLY.search(key)]
    assert not [key for key in ours.keys() & theirs.keys() if ours[key] != theirs[key] and key not in DIFFERENT_VALUES]


@pytest.mark.parametrize("name", SHARED)
def test_both_have_the_same_images_commands_checks_and_order(name: str) -> None:
    ours, theirs = SERVICES[name], DEVELOPMENT[name]
    if name in OURS:
        assert theirs["build"]["target"] == "dev"
        assert ours.get("build", theirs["build"])["context"] == theirs["build"]["context"] == "."
        # only hot reload is started by another command; what is printed may be for people there
        assert without_json(ours) == without_json(theirs) or theirs["command"][0] == "devloop"
    else:
        assert ours["image"] == theirs["image"]
    assert dependencies(ours) == dependencies(theirs)
    if name != "migrate":
        # what idles on a laptop all day is asked more rarely
        assert compose.seconds(ours["healthcheck"]["interval"]) <= compose.seconds(theirs["healthcheck"]["interval"])
        assert {**ours["healthcheck"], "interval": None} == {**theirs["healthcheck"], "interval": None}


def without_json(service: compose.Service) -> list[str]:
    return [word for word in service["command"] if word != "--json"]


def dependencies(service: compose.Service) -> dict[str, Any]:
    return dict(service.get("depends_on", {}))


# --- the proxy -------------------------------------------------------------------------------------------------------------------


def test_the_proxy_does_not_let_a_missing_file_be_kept() -> None:
    """`always` would put the lifetime on a 404 as well, as when an old proxy is asked for a new file during an update."""
    lifetimes = re.findall(r"add_header Cache-Control .*;", (PROXY / "nginx.conf").read_text())
    assert lifetimes
    assert not [line for line in lifetimes if "always" in line]


def test_the_proxy_closes_idle_connections_before_the_api_does() -> None:
    """A request that meets the API's end of one counts as a failure of that replica, and none may be left to try."""
    seconds = re.findall(r"keepalive_timeout (\d+)s;", (PROXY / "draft-queen" / "upstream.conf").read_text())
    assert [int(each) for each in seconds] < [configuration(Settings(_env_file=None)).timeout_keep_alive - 2]
    assert seconds


def test_a_location_with_headers_of_its_own_repeats_the_others() -> None:
    """nginx forgets the headers from outside as soon as a location adds one."""
    for path in PROXY.rglob("*.conf"):
        for body in re.findall(r"location [^{]*\{([^{}]*)\}", path.read_text()):
            assert "add_header" not in body or "security.conf" in body, path.name


def test_a_location_with_an_error_page_of_its_own_repeats_the_others() -> None:
    for path in PROXY.rglob("*.conf"):
        for body in re.findall(r"location [^{]*\{([^{}]*)\}", path.read_text()):
            assert "error_page 5" not in body or "refusals.conf" in body, path.name


def test_the_proxys_policy_allows_nothing_inline() -> None:
    text = "".join(path.read_text() for path in PROXY.rglob("*.conf"))
    assert "unsafe" not in text
    assert "ssl_protocols TLSv1.2 TLSv1.3;" in text
