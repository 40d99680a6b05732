"""`make service` leaves the checks and the tests green: it is run in a copy of the checkout, and they run there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.new_service import FIRST_DEBUG_PORT, FIRST_PORT, Refused, changed_files, check, free_port
from tests.conftest import CHECKOUT
from tests.recipes.conftest import Measured, Recipe, copied
from tests.support import compose
from tests.support.guide import SERVICE, add_service
from tools.compose_variables import COMPOSE_VARIABLES, PORT_STEP

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("adding a service")]

#: Every test that reads the files which change; the rest of the suite does not know of services.
TESTS = [
    "tests/integration/test_standings.py",
    "tests/unit/doctor/test_env_file.py",
    "tests/unit/doctor/test_ports.py",
    "tests/unit/stack/test_stack_env.py",
    "tests/unit/test_compose_reading.py",
    "tests/unit/test_container_files.py",
    "tests/unit/test_documents.py",
    "tests/unit/test_editor_configuration.py",
    "tests/unit/test_production_files.py",
    "tests/unit/production/test_scripts.py",
    "tests/unit/test_proxy_files.py",
    "tests/unit/test_settings.py",
]
TWO_WORDS = "mock-drafts"


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """A copy with a new service."""
    folder = tmp_path_factory.mktemp("guide") / "checkout"
    copied(folder)
    add_service(folder)
    return Recipe(folder, "")


@pytest.fixture(scope="module")
def touched(recipe: Recipe) -> dict[str, int]:
    """The files of the first service."""
    return recipe.touched()


@pytest.fixture(scope="module")
def checkout(recipe: Recipe, touched: dict[str, int]) -> Path:
    """The copy with a second service, which has a hyphen in its name."""
    assert touched
    add_service(recipe.folder, TWO_WORDS)
    return recipe.folder


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A module of Python in the copy, which imports the copy."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


@pytest.mark.parametrize("file", ["compose.dev.yaml", "compose.prod.yaml"])
def test_both_compose_files_have_the_services_at_their_end(checkout: Path, file: str) -> None:
    services = compose.services(checkout / file)
    assert list(services)[-2:] == [SERVICE, TWO_WORDS]
    assert "app.mock_drafts.main:app" in services[TWO_WORDS]["command"]
    assert list(services)[:-2] == [name for name in compose.services(CHECKOUT / file) if name not in (SERVICE, TWO_WORDS)]


def test_two_services_share_no_port(checkout: Path) -> None:
    services = compose.services(checkout / "compose.dev.yaml")
    ports = [port for service in services.values() for port in service.get("ports", [])]
    published = [int(port.split(":")[-2].rpartition("-")[2].rstrip("}")) % PORT_STEP for port in ports]
    assert len(published) > 8
    assert len(set(published)) == len(published)


def test_every_file_is_one_that_the_guide_names(touched: dict[str, int], measured: Measured) -> None:
    measured(touched)
    guide = (CHECKOUT / "docs" / "adding-a-service.md").read_text()
    assert [name for name in touched if f"`{name}`" not in guide and Path(name).name != "__init__.py"] == []


def test_their_checks_and_tests_are_green(recipe: Recipe, checkout: Path) -> None:
    assert checkout == recipe.folder
    recipe.is_green(*TESTS)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "NAME is empty: give the new service a name, as in `make service NAME=standings`."),
        ("class", "NAME=class cannot be a service: the word has a meaning of its own. Choose another one."),
        ("localhost", "NAME=localhost cannot be a service: the word has a meaning of its own. Choose another one."),
        ("Standings", "NAME=Standings cannot be a service: use lower-case letters, digits and single hyphens, a letter first, 32 at most."),
        ("a" * 33, f"NAME={'a' * 33} cannot be a service: use lower-case letters, digits and single hyphens, a letter first, 32 at most."),
        ("1st", "NAME=1st cannot be a service: use lower-case letters, digits and single hyphens, a letter first, 32 at most."),
        ("../x", "NAME=../x cannot be a service: use lower-case letters, digits and single hyphens, a letter first, 32 at most."),
    ],
)
def test_a_name_that_cannot_be_used_gets_a_sentence_and_changes_nothing(checkout: Path, name: str, sentence: str) -> None:
    before = subprocess.run(["git", "status", "--short"], cwd=checkout, capture_output=True, text=True, check=True).stdout
    done = run(checkout, "scripts.new_service", name)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"draft-queen: {sentence}\n")
    assert subprocess.run(["git", "status", "--short"], cwd=checkout, capture_output=True, text=True, check=True).stdout == before


@pytest.mark.parametrize("name", ["api", "db", "listing", "pool", "static", "docs", "ws", "health", "postgres", "api-debug", "classes"])
def test_a_name_that_something_else_has_is_refused(name: str) -> None:
    """A service, a package, a test, a URL of the proxy or of the API, a variable, a page."""
    with pytest.raises(Refused, match=f"NAME={name} is taken"):
        check(name, CHECKOUT)


def test_a_service_cannot_be_added_twice(checkout: Path) -> None:
    with pytest.raises(Refused, match=f"NAME={SERVICE} is taken"):
        check(SERVICE, checkout)


def test_a_file_without_the_expected_place_changes_nothing(tmp_path: Path) -> None:
    """The files are put together before the first is written."""
    for name in ("compose.dev.yaml", "compose.prod.yaml"):
        (tmp_path / name).write_text("name: nothing\n")
    with pytest.raises(ValueError, match="services"):
        list(changed_files(SERVICE, tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["compose.dev.yaml", "compose.prod.yaml"]


def test_the_driver_itself_is_refused(checkout: Path) -> None:
    """In production it would get the name of the password's file as a setting of the server."""
    code = 'import asyncpg\n\n\nasync def use(dsn: str) -> None:\n    """Use."""\n    await asyncpg.connect(dsn)\n'
    command = [sys.executable, "-m", "ruff", "check", "--stdin-filename", "app/standings/main.py", "-"]
    said = subprocess.run(command, cwd=checkout, input=code, capture_output=True, text=True, check=False)
    assert said.returncode == 1
    assert "Use app.db.connect.connect: in production the password is in a file." in said.stdout


@pytest.mark.parametrize("first", [FIRST_PORT, FIRST_DEBUG_PORT])
def test_a_free_port_is_free_in_every_instance(first: int) -> None:
    taken = {int(variable.default) % PORT_STEP for variable in COMPOSE_VARIABLES if variable.is_port}
    assert first <= free_port(first) < first + PORT_STEP
    assert free_port(first) % PORT_STEP not in taken
