"""`make up-d` from nothing: what runs afterwards, to whom its files belong, and what stays."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from tests.conftest import CHECKOUT
from tests.containers.stack import ALIVE, Stack, run, wait_until
from tests.support.compose import services

SERVICES = {name for name, service in services(CHECKOUT / "compose.dev.yaml").items() if "profiles" not in service}
OURS = ("api", "pipeline", "load", "migrate")


def test_everything_is_there_after_the_first_start(stack: Stack) -> None:
    assert stack.ready()
    assert set(stack.containers()) == SERVICES
    assert stack.containers()["migrate"].startswith("Exited (0)")
    wait_until(lambda: stack.total() > 1000, 180, "data of the first load")
    assert stack.get("/")[0] == 200
    wait_until(lambda: stack.healthy("api", "pipeline", "db", "redis", "pgadmin"), 180, "all health checks")
    wait_until(lambda: stack.get("/api/v1/exports/draft-picks.csv")[0] == 200, 180, "exports from the pipeline's volume")


def test_the_schema_is_the_codes(stack: Stack) -> None:
    status = json.loads(stack.execute("api", "dq", "db", "status", "--json").stdout)
    assert status["up_to_date"] is True


def test_ports_are_on_the_loopback_only(stack: Stack) -> None:
    published = stack.run("docker", "ps", "--filter", f"label=com.docker.compose.project={stack.project}", "--format", "{{.Ports}}").stdout
    hosts = set(re.findall(r"(\S+):\d+->", published))
    assert hosts == {"127.0.0.1"}


def test_files_made_inside_belong_to_the_caller(stack: Stack) -> None:
    for service in ("api", "pipeline"):
        stack.execute(service, "bash", "-c", f"mkdir -p .cache && touch .cache/from-{service}")
        assert stack.execute(service, "id", "-u").stdout.strip() == str(stack.uid)
    stack.make("revision", "MESSAGE=a test of ownership")
    assert list(stack.folder.glob("alembic/versions/*a_test_of_ownership.py"))
    stack.execute("api", "pytest", "-q", "tests/unit/test_settings.py", "-p", "no:xdist")
    assert stack.owners() == {stack.uid}
    next(stack.folder.glob("alembic/versions/*a_test_of_ownership.py")).unlink()


@pytest.mark.parametrize("service", OURS)
def test_logs_are_for_people(stack: Stack, service: str) -> None:
    lines = stack.compose("logs", "--no-log-prefix", "--no-color", service).stdout.splitlines()
    assert lines
    assert not [line for line in lines if line.startswith("{")]


def test_a_traceback_in_the_log_is_readable(stack: Stack) -> None:
    path = stack.folder / "app" / "health" / "routes.py"
    text = path.read_text()

    def log() -> str:
        return stack.compose("logs", "--no-log-prefix", "--no-color", "api").stdout

    try:
        path.write_text(text + "\nbroken = (\n")
        wait_until(lambda: "the new code does not start" in log(), 60, "the error")
    finally:
        path.write_text(text)
    block = log().partition("devloop: Traceback (most recent call last):\n")[2].partition("\nSyntaxError: ")[0].splitlines()
    assert block
    assert all(line.startswith("  ") for line in block)


def test_logs_are_json_when_env_asks_for_it(another: Stack) -> None:
    another.run("bash", "scripts/stack.sh", "env")
    with (another.folder / ".env").open("a") as file:
        file.write("LOG_FORMAT=json\n")
    another.make("up-d")
    path = another.folder / "app" / "logging.py"  # both parts import it
    path.write_text(path.read_text() + "\nbroken = (\n")

    def tracebacks(service: str) -> list[dict[str, str]]:
        lines = another.compose("logs", "--no-log-prefix", "--no-color", service).stdout.splitlines()
        events: list[dict[str, str]] = [json.loads(line) for line in lines]
        return [event for event in events if "Traceback" in event["event"]]

    for service in ("api", "pipeline"):
        wait_until(lambda: bool(tracebacks(service)), 60, "the error")  # noqa: B023 - called before the next round
        found = tracebacks(service)[0]
        assert found["level"] == "error"
        assert found["event"].splitlines()[-1].startswith("SyntaxError: ")
        assert "\n    broken = (\n" in found["event"]


def test_redis_is_configured_by_its_file(stack: Stack) -> None:
    def config(name: str) -> str:
        return stack.execute("redis", "redis-cli", "config", "get", name).stdout.split("\n")[1].strip()

    assert config("appendonly") == "yes"
    assert config("maxmemory") == str(128 * 1024 * 1024)
    assert config("maxmemory-policy") == "allkeys-lru"
    assert config("save").startswith("900 1")
    assert json.loads(stack.get("/health/ready")[1])["checks"]["cache"]["ok"] is True


def test_postgresql_is_configured_by_its_file(stack: Stack) -> None:
    assert set(stack.sql("select string_agg(extname, ',') from pg_extension").split(",")) >= {"pg_stat_statements", "pg_trgm"}
    assert int(stack.sql("select count(*) from pg_stat_statements")) > 0
    assert stack.sql("select datlocprovider::text || datlocale from pg_database where datname = 'draft_queen'") == "bC.UTF-8"
    assert stack.sql("show log_lock_waits") == "on"
    assert stack.sql("show shared_buffers") == "256MB"


def test_an_edit_on_the_host_is_served(stack: Stack) -> None:
    schemas = stack.folder / "app" / "health" / "schemas.py"
    text = schemas.read_text()
    assert ALIVE in text
    try:
        schemas.write_text(text.replace(ALIVE, ALIVE.replace("ok", "edited")))
        wait_until(lambda: b"edited" in stack.get("/health")[1], 180, "the edit")
    finally:
        schemas.write_text(text)
    wait_until(lambda: b"ok" in stack.get("/health")[1], 180, "the edit undone")


def test_plain_docker_compose_is_the_same_stack(stack: Stack) -> None:
    before = stack.inspect("api")["State"]["StartedAt"]
    stack.compose("up", "--detach")
    assert stack.inspect("api")["State"]["StartedAt"] == before


def test_curl_is_in_the_dev_containers_terminal(stack: Stack) -> None:
    """For the README's examples, and the first breakpoint in docs/debugging.md."""
    for place in ("http://127.0.0.1:8000/api/v1/draft-picks?season=2020&round=1&sort=pick", "http://127.0.0.1:8000/health"):
        assert stack.execute("api", "curl", "--fail", "--silent", "-H", "Cache-Control: no-cache", place).stdout.startswith("{")


def test_tools_are_there_when_they_are_asked_for(stack: Stack) -> None:
    stack.make("tools")
    for name, word in (("ADMINER_PORT", b"Adminer"), ("REDIS_COMMANDER_PORT", b"Redis Commander")):
        address = f"http://127.0.0.1:{stack.port(name)}/"
        wait_until(lambda: word in run(["curl", "-sL", "--max-time", "5", address], check=False).stdout.encode(), 180, name)  # noqa: B023
    assert {"adminer", "redis-commander"} <= set(stack.containers())
    stack.compose("down")  # plain: make has noted the profile in .env
    assert stack.containers() == {}
    assert networks(stack) == []
    env = stack.folder / ".env"
    env.write_text(env.read_text().replace("COMPOSE_PROFILES=tools\n", "COMPOSE_PROFILES=\n"))
    stack.make("up-d")
    assert "adminer" not in stack.containers()


def networks(stack: Stack) -> list[str]:
    mine = f"label=com.docker.compose.project={stack.project}"
    return stack.run("docker", "network", "ls", "--quiet", "--filter", mine).stdout.split()


def test_tools_that_were_started_by_hand_do_not_outlive_make_down(another: Stack) -> None:
    another.make("up-d")
    another.compose("--profile", "tools", "up", "--detach", "adminer", "redis-commander")
    another.compose("--profile", "tools", "stop")
    another.compose("down")  # leaves the two, and removes the network that they want at their next start
    assert set(another.containers()) == {"adminer", "redis-commander"}
    assert networks(another) == []
    another.make("tools")
    assert another.healthy("api")
    assert all(another.containers()[name].startswith("Up") for name in ("adminer", "redis-commander"))
    another.make("down")
    assert another.containers() == {}
    assert networks(another) == []


def test_psql_and_pgcli_find_the_database(stack: Stack) -> None:
    found = stack.execute(
        "api", "bash", "-c", 'PGPASSWORD=$DATABASE_PASSWORD psql -tAc "select count(*) from draft_pick" "$DATABASE_URL"'
    ).stdout
    assert int(found) > 1000
    typed = stack.execute("api", "bash", "-c", "echo 'select 40 + 2' | PGPASSWORD=$DATABASE_PASSWORD pgcli \"$DATABASE_URL\"").stdout
    assert "42" in typed


def test_make_targets_for_people(stack: Stack) -> None:
    assert "Nothing to do" in stack.make("migrate").stdout or '"migrated":false' in stack.make("migrate").stdout.replace(" ", "")
    assert "api" in stack.make("ps").stdout
    passed = stack.make("test-in-container", "ARGS=-n 0 -q tests/unit/api/test_parsing.py", timeout=300)
    assert "passed" in passed.stdout


def test_data_stay_over_down_and_up(stack: Stack) -> None:
    picks, key = stack.total(), "stays"
    stack.execute("redis", "redis-cli", "set", key, "yes")
    stack.make("down")
    assert stack.containers() == {}
    stack.make("up-d")
    assert stack.total() == picks
    assert stack.execute("redis", "redis-cli", "get", key).stdout.strip() == "yes"
    assert stack.get("/api/v1/exports/draft-picks.csv")[0] == 200


def test_two_instances_stand_beside_each_other(stack: Stack, another: Stack) -> None:
    another.make("up-d")
    assert stack.ready()
    assert another.ready()
    assert another.port("API_PORT") != stack.port("API_PORT")
    another.execute("db", "psql", "-U", "draft_queen", "-d", "draft_queen", "-c", "create table only_here (id int)")
    assert another.sql("select to_regclass('only_here')") == "only_here"
    assert stack.sql("select to_regclass('only_here')") == ""


def test_a_worktree_gets_an_instance_and_its_history_by_itself(make_stack: Callable[..., Stack], stack: Stack) -> None:
    place = stack.folder.parent / "tree"
    stack.run("git", "worktree", "add", "--quiet", str(place), "-b", "tree")
    tree = Stack(place, 0, stack.uid, stack.home)
    try:
        tree.run("bash", "scripts/stack.sh", "env", INSTANCE="")
        tree.instance = int(re.search(r"^INSTANCE=(\d+)$", (place / ".env").read_text(), re.MULTILINE)[1])  # type: ignore[index]
        assert tree.instance != stack.instance
        assert tree.instance >= 2
        tree.make("up-d")
        assert tree.execute("api", "git", "log", "--oneline").stdout.endswith("copy\n")
        assert tree.execute("api", "git", "branch", "--show-current").stdout == "tree\n"
    finally:
        tree.end()
