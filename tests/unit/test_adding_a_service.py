"""docs/adding-a-service.md leaves the checks and the tests green: it is followed in a copy of the checkout, and they run there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT
from tests.support import compose
from tests.support.guide import SERVICE, blocks, follow

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("adding a service")]

#: Every test that reads the files which the page changes; the rest of the suite does not know of services.
TESTS = [
    "tests/unit/doctor/test_env_file.py",
    "tests/unit/doctor/test_ports.py",
    "tests/unit/stack/test_stack_env.py",
    "tests/unit/test_compose_reading.py",
    "tests/unit/test_container_files.py",
    "tests/unit/test_documents.py",
    "tests/unit/test_editor_configuration.py",
    "tests/unit/test_production_files.py",
    "tests/unit/test_production_scripts.py",
    "tests/unit/test_proxy_files.py",
    "tests/unit/test_settings.py",
]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.containers.stack import copy_checkout

    folder = tmp_path_factory.mktemp("guide") / "checkout"
    folder.mkdir()
    copy_checkout(folder)
    follow(folder)
    return folder


def run(folder: Path, *arguments: str) -> None:
    """A module of Python in the copy, which imports the copy."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-2000:]}"


def test_the_page_is_short(checkout: Path) -> None:
    assert len([line for line in blocks()["compose.dev.yaml"].splitlines() if line.strip()]) <= 12


def test_both_compose_files_have_the_service(checkout: Path) -> None:
    for name in ("compose.dev.yaml", "compose.prod.yaml"):
        assert list(compose.services(checkout / name))[-1] == SERVICE
        assert compose.services(checkout / name)[SERVICE]["command"][:3] == ["python", "-m", "uvicorn"]


def test_following_it_again_changes_nothing(checkout: Path) -> None:
    """So these tests stay green in a checkout where the page was followed."""
    before = {name: (checkout / name).read_text(encoding="utf-8") for name in blocks()}
    assert all(text.count(blocks()[name].strip("\n")) == 1 for name, text in before.items())
    follow(checkout)
    assert {name: (checkout / name).read_text(encoding="utf-8") for name in blocks()} == before


def test_its_checks_are_green(checkout: Path) -> None:
    run(checkout, "ruff", "format", "--check", ".")
    run(checkout, "ruff", "check", ".")
    run(checkout, "scripts.settings_docs", "--check")
    run(checkout, "mypy", "--cache-dir", str(CHECKOUT / ".cache" / "mypy-guide"), "app/standings.py", "app/compose_variables.py")


def test_its_tests_are_green(checkout: Path) -> None:
    run(checkout, "pytest", "-q", "-n", "0", *TESTS)


def test_the_driver_itself_is_refused(checkout: Path) -> None:
    """In production it would get the name of the password's file as a setting of the server."""
    code = blocks()["app/standings.py"].replace("await connect()", "await asyncpg.connect(get_settings().database_url)")
    code = code.replace("from fastapi", "import asyncpg\nfrom fastapi").replace(
        "app.db.connect import connect", "app.settings import get_settings"
    )
    command = [sys.executable, "-m", "ruff", "check", "--stdin-filename", "app/standings.py", "-"]
    said = subprocess.run(command, cwd=checkout, input=code, capture_output=True, text=True, check=False)
    assert said.returncode == 1
    assert "Use app.db.connect.connect: in production the password is in a file." in said.stdout
