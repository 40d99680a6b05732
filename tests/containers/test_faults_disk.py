"""The disk of the database is full: what can be read is read, and what cannot be written is said."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.containers.load import under_load
from tests.containers.production import PICKS, Production, production_of
from tests.containers.stack import Stack

FILLER = "/var/lib/postgresql/filler"


@pytest.fixture(scope="module")
def small(make_stack: Callable[..., Stack]) -> Iterator[Production]:
    """Production whose database has a disk of 400 MB: memory that the host keeps while containers come and go."""
    if os.getuid() != 0:
        pytest.skip("only root can give the database a small disk")
    one = production_of(make_stack())
    disk = one.folder.parent / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400m,uid=999,gid=999,mode=0755", "tmpfs", str(disk)], check=True)
    try:
        path = one.folder / "compose.prod.yaml"
        volume = "    name: ${COMPOSE_PROJECT_NAME:-draft-queen}-production-database\n"
        assert volume in path.read_text()
        options = f"    driver_opts: {{ type: none, o: bind, device: '{disk}' }}\n"
        path.write_text(path.read_text().replace(volume, volume + options))
        one.start_with_data()
        yield one
    finally:
        one.end()
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_reads_go_on_and_the_error_is_clear(small: Production) -> None:
    small.execute("db", "bash", "-c", f"cat /dev/zero >{FILLER} || true")
    with under_load(small, at_least=2_000) as load:
        refused = small.execute(
            "db", "psql", "-U", "draft_queen", "-c", "create table big as select generate_series(1, 1000000)", check=False
        )
        assert "No space left on device" in refused.stderr
        for season in range(2000, 2010):
            assert small.ask(f"/api/v1/draft-picks?limit=2&season={season}&sort=-pick").status == 200
        loaded = small.execute("pipeline", "dq", "etl", "run", "--sample", "--rows", "30000", "--wait", "300", check=False)
        assert loaded.returncode != 0
        assert "The disk is full" in loaded.stdout + loaded.stderr
        assert "Traceback" not in loaded.stdout + loaded.stderr
    assert load.failures == {}
    assert small.ask("/health/ready").status == 200


def test_it_goes_on_as_soon_as_there_is_room(small: Production) -> None:
    """The commands of the handbook's page."""
    assert "100%" in small.execute("db", "df", "-h", "/var/lib/postgresql").stdout
    small.execute("db", "rm", "-f", FILLER)
    small.execute("pipeline", "dq", "etl", "run", "--sample", "--rows", "30000", "--wait", "300")
    assert small.ask(PICKS).status == 200
