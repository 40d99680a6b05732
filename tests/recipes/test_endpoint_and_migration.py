"""The recipes of CONTRIBUTING.md for an endpoint and for a column, followed in a copy of the checkout."""

from __future__ import annotations

import shutil

import pytest

from tests.conftest import CHECKOUT
from tests.recipes.conftest import Measured, Recipe
from tests.support.walkthrough import steps

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")]


def test_an_endpoint_is_the_page_and_three_edits(copy: Recipe, measured: Measured) -> None:
    blocks = steps(CHECKOUT / "CONTRIBUTING.md", "An endpoint")
    for block in blocks:
        file = copy.folder / block.name
        file.parent.mkdir(exist_ok=True)
        file.write_text(block.text)
    imported = "from app.draft_picks.routes import router as draft_picks\n"
    copy.edit("app/main.py", imported, f"from app.draft_classes.routes import router as draft_classes\n{imported}")
    copy.edit("app/main.py", "CACHED_ROUTERS = (people,", "CACHED_ROUTERS = (draft_classes, people,")
    copy.edit("pyproject.toml", '"people | draft_picks', '"people | draft_classes | draft_picks')
    touched = copy.touched()
    assert touched.keys() == {"app/main.py", "pyproject.toml", *(block.name for block in blocks)}
    measured(touched)
    copy.is_green(
        "tests/integration/api/test_draft_classes.py",
        "tests/unit/api/test_signatures.py",
        "tests/integration/api/test_contract.py",
        "-k",
        "draft_classes or draft-classes or described or signature or handler or parameter",
    )


def test_a_column_takes_its_line_and_a_migration(copy: Recipe, measured: Measured) -> None:
    curated = '    curated: Mapped[bool] = mapped_column(comment="false: seen in a source but absent from our reference list")\n'
    copy.edit(
        "app/db/models.py", curated, f'{curated}    teams: Mapped[str | None] = mapped_column(comment="what the college calls its teams")\n'
    )
    migration = copy.migrate("add teams of colleges")
    touched = copy.touched()
    assert touched.keys() == {"app/db/models.py", migration}
    measured(touched)
    copy.is_green("tests/integration/test_migrations.py", "-k", "up_down_up or drift")
