"""The database's volume: of this PostgreSQL, of an older one, of both, or none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cli.doctor import volume
from tests.conftest import CHECKOUT
from tests.support import compose
from tests.unit.doctor.conftest import FakeDocker, MakeMachine, states, wrong


@pytest.fixture(autouse=True)
def compose_file(checkout: Path) -> None:
    shutil.copy(CHECKOUT / "compose.dev.yaml", checkout / "compose.dev.yaml")
    (checkout / ".env").write_text("COMPOSE_PROJECT_NAME=mine\nCHECKOUT_DIR=/x\n")


@pytest.mark.parametrize("versions", ["18\\n", "18\\n18\\n"])
def test_an_empty_volume_and_one_of_this_version_are_well(machine: MakeMachine, docker: FakeDocker, versions: str) -> None:
    docker(volume='[ "$3" = mine_database ]', run=f"printf '{versions}'")
    assert states(volume.check(machine())) == ["ok"]


def test_without_an_env_file_it_is_that_of_plain_compose(machine: MakeMachine, docker: FakeDocker, checkout: Path) -> None:
    (checkout / ".env").unlink()
    name = compose.load(CHECKOUT / "compose.dev.yaml")["name"]
    docker(volume=f'[ "$3" = {name}_database ]', run="printf '18\\n'")
    assert states(volume.check(machine())) == ["ok"]


@pytest.mark.parametrize(("versions", "newest"), [("18\\n17\\n", "17"), ("18\\n9.6\\n16\\n", "16"), ("18\\n19\\n", "19")])
def test_a_database_of_another_version_is_a_problem(machine: MakeMachine, docker: FakeDocker, versions: str, newest: str) -> None:
    docker(volume="true", run=f"printf '{versions}'")
    found = volume.check(machine())
    assert states(found) == ["problem"]
    assert f"mine_database holds a database of PostgreSQL {newest}, which postgres:18-trixie cannot open: move its data" in wrong(found)
    assert "## A database of another PostgreSQL version" in (CHECKOUT / "docs" / "troubleshooting.md").read_text()


def test_an_empty_database_next_to_an_older_one_is_a_warning(machine: MakeMachine, docker: FakeDocker) -> None:
    docker(volume="true", run="printf '18\\n17\\n18\\n'")
    found = volume.check(machine())
    assert states(found) == ["warning"]
    assert "also holds a database of PostgreSQL 17" in wrong(found)


def test_what_cannot_be_looked_at_is_skipped(machine: MakeMachine, docker: FakeDocker, checkout: Path, tmp_path: Path) -> None:
    assert states(volume.check(machine(only_path=tmp_path))) == ["skipped"], "no Docker"
    docker()
    assert states(volume.check(machine())) == ["skipped"], "no volume"
    docker(volume="true", run="exit 125")
    assert states(volume.check(machine())) == ["skipped"], "no image"
    docker(volume="true", run="printf '18\\n17\\n'")
    assert states(volume.check(machine(in_container=True))) == ["skipped"]
    (checkout / ".env").write_text("HTTPS_PORT=8443\n")
    assert states(volume.check(machine())) == ["skipped"], "production's"


@pytest.mark.parametrize("place", [".", "data", "17/docker"])
def test_a_database_is_found_where_images_have_put_it(machine: MakeMachine, docker: FakeDocker, tmp_path: Path, place: str) -> None:
    folder = tmp_path / "volume" / place
    folder.mkdir(parents=True)
    (folder / "PG_VERSION").write_text("17\n")
    inside = f"""for script; do :; done; PG_MAJOR=18 bash -c "$(printf %s "$script" | sed 's#/volume#{tmp_path}/volume#')" """
    docker(volume="true", run=inside)
    assert "holds a database of PostgreSQL 17" in wrong(volume.check(machine()))


@pytest.mark.parametrize("content", ["1x8", "nan", "18.1.2", "\\001"])
def test_a_damaged_version_file_is_a_problem(machine: MakeMachine, docker: FakeDocker, content: str) -> None:
    docker(volume="true", run=f"printf '18\\n18\\n{content}\\n'")
    found = volume.check(machine())
    assert states(found) == ["problem"]
    assert "damaged PG_VERSION" in wrong(found)
