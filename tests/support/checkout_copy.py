"""A copy of the checkout that a test may edit."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from app.db.schema_version import head
from tests.conftest import CHECKOUT
from tests.support.waiting import PATIENCE

BRANCH = '''"""Of a branch."""
revision = "{revision}"
down_revision = "{parent}"
branch_labels = depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
'''


@dataclass(frozen=True)
class Copy:
    """A copy of the checkout that uses this checkout's packages, and a database of its own."""

    folder: Path
    dsn: str

    @property
    def versions(self) -> Path:
        return self.folder / "alembic" / "versions"

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text()
        assert text.count(old) == 1
        (self.folder / name).write_text(text.replace(old, new))

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "PYTHONPATH": str(self.folder),
            "DATABASE_URL": self.dsn,
            "DATA_DIR": str(self.folder / ".data"),
            "ENVIRONMENT": "test",
            "DRAFT_QUEEN_CONTAINER": "1",  # the packages are there: nothing is installed
        }
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run("make", f"BIN={Path(sys.executable).parent}", *arguments)

    def branch(self, *names: str) -> None:
        parent = head(self.versions)
        for name in names:
            (self.versions / f"{name}.py").write_text(BRANCH.format(revision=name, parent=parent))


def copy_code(folder: Path, *more: str) -> None:
    """Copy what is served and imported, with its bytecode, which fits as long as the times of the files are kept."""
    # Other tests write these next to the code and remove them again: the loop's search for file events, bytecode that is being written.
    passing = shutil.ignore_patterns(".devloop-*", "*.pyc.*")
    for name in ("app", "pipeline", "cli", "tools", "devloop", "alembic", *more):
        shutil.copytree(CHECKOUT / name, folder / name, ignore=passing)


def copied(folder: Path, dsn: str) -> Copy:
    """Return a new copy of this checkout's code in the folder, for the database of this address."""
    folder.mkdir()
    copy_code(folder, "scripts")
    for name in ("Makefile", "alembic.ini", "pyproject.toml"):
        shutil.copy(CHECKOUT / name, folder / name)
    return Copy(folder, dsn)
