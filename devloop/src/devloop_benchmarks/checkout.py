"""A copy of this project as the application under test."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from benchmarks.harness import CHECKOUT
from devloop_benchmarks.application import Application, Editable

_ROUTES, _BASE = Path("app/health/routes.py"), Path("app/errors/__init__.py")
_ROUTE = """

MARK = "mark-00000000"


@router.get("/mark", include_in_schema=False)
async def mark() -> Response:
    from app import errors

    return Response(f"{MARK} {errors.MARK}".encode(), headers={"cache-control": "no-store"})
"""


def copy_of_checkout(folder: Path, environment: Mapping[str, str]) -> Application:
    """Copy what the API consists of, with a route that shows two marks."""
    ignored = shutil.ignore_patterns("__pycache__", ".devloop-*")  # a loop that watches the checkout has a file there for a moment
    folder.mkdir(parents=True)
    for name in ("app", "alembic", "requirements"):  # [tool.devloop] names a lock file
        shutil.copytree(CHECKOUT / name, folder / name, ignore=ignored)
    for name in ("alembic.ini", "pyproject.toml"):
        shutil.copy2(CHECKOUT / name, folder / name)
    _append(folder / _ROUTES, _ROUTE)
    _append(folder / _BASE, '\n\nMARK = "mark-00000000"\n')
    listing = "/api/v1/draft-picks?limit=5"
    return Application(
        name="this project's API",
        folder=folder,
        devloop_target="app.server:development",
        uvicorn_arguments=(
            *("app.main:create_app", "--factory", "--loop", "uvloop", "--http", "httptools", "--ws", "none"),
            *("--no-access-log", "--log-level", "warning"),
        ),
        routers=(Editable(folder / _ROUTES, "/mark"),),
        base=Editable(folder / _BASE, "/mark"),
        kinds={"asynchronous": listing},
        environment={**environment, "ENVIRONMENT": "test", "RELOAD": "1", "LOG_FORMAT": "json"},
    )


def _append(file: Path, text: str) -> None:
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")
