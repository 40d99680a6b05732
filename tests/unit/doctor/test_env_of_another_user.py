"""A .env of another user, as one ``sudo`` leaves it: an error message with the repair, no traceback."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.errors import DraftQueenError
from app.settings import load_settings
from cli.doctor import env_file
from cli.doctor.machine import Machine
from tests.unit.doctor.conftest import states, wrong

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can make files of another user")


@contextmanager
def as_user(uid: int) -> Iterator[None]:
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A checkout with root's .env, where another user may look."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as place:
        Path(place).chmod(0o755)
        (Path(place) / ".env").write_text("LOG_LEVEL=DEBUG\n")
        (Path(place) / ".env").chmod(0o600)
        yield Path(place)


def test_the_settings_name_file_and_repair(folder: Path) -> None:
    with as_user(1234), pytest.raises(DraftQueenError) as caught:
        load_settings(folder / ".env")
    assert caught.value.message == f"{folder / '.env'} cannot be read: permission denied."
    assert caught.value.cure is not None
    assert "sudo chown -R $(id -u):$(id -g) ." in caught.value.cure


def test_the_doctor_says_it_once(folder: Path) -> None:
    machine = Machine(checkout=folder, environment={"PATH": "/usr/bin:/bin"}, uid=1234, gid=1234, prefix=folder)
    with as_user(1234):
        found = env_file.check(machine)
    assert states(found) == ["problem"]
    assert (
        wrong(found) == ".env belongs to another user and cannot be read: take the checkout back with `sudo chown -R $(id -u):$(id -g) .`."
    )
