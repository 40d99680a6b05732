"""What `make deploy` refuses, and what it brings from elsewhere: the old release answers all the time."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.db.schema_version import head
from tests.containers.load import under_load
from tests.containers.production import PICKS, Production
from tests.containers.registry import registry

Measured = Callable[[str, str], None]
HEAD = head()
NEXT = "2099_01_01_next"

MIGRATION = f'''"""Written by a test."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "{NEXT}"
down_revision = "{HEAD}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    %s


def downgrade() -> None:
    pass
'''


@pytest.fixture(autouse=True)
def well(deployed: Production) -> Iterator[None]:
    """Whatever a test did, two replicas answer."""
    yield
    assert deployed.ask(PICKS).status == 200
    assert {service: len(deployed.identities(service)) for service in ("api", "pipeline", "proxy")} == {"api": 2, "pipeline": 2, "proxy": 1}


@contextmanager
def changed(production: Production, name: str, change: Callable[[str], str]) -> Iterator[None]:
    """A file of the checkout with other content for a while; one that was not there goes again."""
    path = production.folder / name
    before = path.read_text() if path.exists() else None
    path.write_text(change(before or ""))
    try:
        yield
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_text(before)


@contextmanager
def migrating(production: Production, *statements: str) -> Iterator[None]:
    """A checkout whose newest migration does this."""
    body = MIGRATION % "\n    ".join(statements)
    with changed(production, f"alembic/versions/{NEXT}.py", lambda _: body):
        yield


def schema(production: Production) -> str:
    return production.sql("select version_num from alembic_version")


def test_a_migration_that_fails_half_way_leaves_everything_as_it_was(deployed: Production, measured: Measured) -> None:
    with (
        migrating(deployed, 'op.create_table("half", sa.Column("id", sa.Integer()))', 'op.execute("select 1 / 0")'),
        under_load(deployed) as load,
    ):
        refused = deployed.make("deploy", f"RELEASE={deployed.release('half')}", check=False, timeout=900)
    assert refused.returncode != 0
    assert "division by zero" in refused.stderr
    assert "the migration failed and was rolled back: the lines above say why; the old release stays in service." in refused.stderr
    assert load.failures == {}
    measured("deploy: a migration that fails half-way: failed of requests", f"0 of {load.count}")
    assert deployed.sql("select to_regclass('half') is null") == "t"
    assert schema(deployed) == HEAD
    assert deployed.releases("api") == deployed.releases("pipeline") == {"a"}


def test_a_migration_that_takes_something_away_is_refused(deployed: Production, measured: Measured) -> None:
    with migrating(deployed, 'op.drop_column("person", "name")'), under_load(deployed) as load:
        refused = deployed.make("deploy", f"RELEASE={deployed.release('contract')}", check=False, timeout=900)
    assert refused.returncode != 0
    assert "`ALTER TABLE person DROP COLUMN name` takes away what the running version may use" in refused.stderr
    assert "deploy with FORCE=1" in refused.stderr
    assert "the migration was refused" in refused.stderr
    assert load.failures == {}
    measured("deploy: a migration that takes something away: failed of requests", f"0 of {load.count}")
    assert schema(deployed) == HEAD
    assert deployed.releases("api") == {"a"}


def test_a_release_that_never_gets_well_is_taken_away_when_its_time_is_over(deployed: Production, measured: Measured) -> None:
    """It runs, it does not end, and it does not answer."""
    with (
        changed(
            deployed,
            "app/server.py",
            lambda text: text.replace("    server = _Server(", "    __import__('time').sleep(600)\n    server = _Server("),
        ),
        under_load(deployed) as load,
    ):
        refused = deployed.make("deploy", f"RELEASE={deployed.release('sick')}", check=False, timeout=900, READY_SECONDS="15")
    assert refused.returncode != 0
    assert "was not ready within 15 s and was rolled back" in refused.stderr
    assert load.failures == {}
    measured("deploy: a release that never gets well: failed of requests", f"0 of {load.count}")
    assert deployed.releases("api") == {"a"}


def test_of_two_deploys_at_once_one_is_refused(deployed: Production) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(deployed.home), "RELEASE": deployed.release("a")}
    command = ["bash", "scripts/deploy.sh", "deploy"]
    both = [subprocess.Popen(command, cwd=deployed.folder, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [child.communicate(timeout=300)[1] for child in both]
    assert sorted(child.returncode for child in both) == [0, 1]
    assert sum("another deploy, restore or rotation is running" in text for text in said) == 1


def test_images_come_from_a_registry_that_is_named(deployed: Production, tmp_path: Path) -> None:
    names = ("runtime", "pipeline", "proxy", "backup")
    # the worker starts without the pipeline's packages, and three images take less time than four
    built = {"runtime": "runtime", "pipeline": "runtime", "proxy": "proxy", "backup": "backup"}
    images = {f"team/draft-queen-{name}": f"{deployed.project}-{built[name]}:{deployed.release('a')}" for name in names}
    release = deployed.release("pulled")
    with registry(images, tmp_path) as port:
        prefix = f"127.0.0.1:{port}/team/draft-queen-"
        try:
            said = deployed.make("deploy", f"RELEASE={release}", IMAGE_PREFIX=prefix, timeout=600)
            assert "images pulled" in said.stdout
            assert {container["Config"]["Image"] for container in deployed.details("api")} == {f"{prefix}runtime:{release}"}
        finally:
            deployed.make("deploy", f"RELEASE={deployed.release('a')}", timeout=600)
            subprocess.run(
                ["docker", "image", "rm", "--force", *(f"{prefix}{name}:{release}" for name in names)], capture_output=True, check=False
            )


def test_a_registry_that_does_not_answer_is_said_and_nothing_changes(deployed: Production) -> None:
    refused = deployed.make("deploy", "RELEASE=elsewhere", IMAGE_PREFIX="127.0.0.1:9/draft-queen-", check=False)
    assert refused.returncode != 0
    message = r"127\.0\.0\.1:9/draft-queen-[a-z]+:elsewhere could not be pulled: the lines above say why; nothing was changed\."
    assert re.search(message, refused.stderr)


def test_a_bad_release_that_has_migrated_leaves_the_old_one_ready(deployed: Production, measured: Measured) -> None:
    """What was only added stays; the old release lives with it, is deployed again, and could be gone back to."""
    bad = 'raise RuntimeError("this release is bad")\n'
    with (
        migrating(deployed, 'op.add_column("person", sa.Column("nickname", sa.Text()))'),
        changed(deployed, "app/main.py", lambda text: text + bad),
        under_load(deployed, paths=(PICKS, "/health/ready")) as load,
    ):
        refused = deployed.make("deploy", f"RELEASE={deployed.release('added')}", check=False, timeout=900)
    try:
        assert refused.returncode != 0
        assert "schema migrated" in refused.stdout
        assert "was rolled back" in refused.stderr
        assert load.failures == {}, "ready all the time"
        measured("deploy: a bad release with a migration: failed of requests, readiness among them", f"0 of {load.count}")
        assert schema(deployed) == NEXT
        detail = deployed.ask("/health/ready").document["checks"]["schema"]["detail"]
        assert detail == f"at {NEXT}, which only adds to {HEAD}"
        command = ["docker", "compose", "-f", "compose.prod.yaml", "up", "--detach", "--wait", "--no-recreate"]
        deployed.run(*command, IMAGE_TAG=deployed.release("a"), PULL_POLICY="missing")  # the old migrate has nothing to do either
        deployed.make("deploy", f"RELEASE={deployed.release('a')}", timeout=300)
    finally:
        undo = "comment on table alembic_version is null; alter table person drop column if exists nickname"
        deployed.sql(f"update alembic_version set version_num = '{HEAD}'; {undo}")


def test_one_may_insist_and_then_not_go_back(deployed: Production) -> None:
    """The last one: the schema stays. Harmless, but of the kind that is refused."""
    with migrating(deployed, 'op.execute("create unique index ux_load_run_again on load_run (run_id)")'):
        release = deployed.release("forced")
        assert "forbids rows" in deployed.make("deploy", f"RELEASE={release}", check=False, timeout=900).stderr
        deployed.make("deploy", f"RELEASE={release}", "FORCE=1", timeout=300)
    assert schema(deployed) == NEXT
    assert deployed.releases("api") == {"forced"}
    refused = deployed.make("rollback", check=False, timeout=300, READY_SECONDS="15")
    assert refused.returncode != 0
    assert "was rolled back" in refused.stderr
    assert deployed.releases("api") == {"forced"}
