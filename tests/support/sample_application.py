"""A small FastAPI application, as text: what the development loop is tried on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MAIN = """
from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from app import startup
from app.routes import marks, pages, slow


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    startup.begin()
    yield
    startup.finish()


app = FastAPI(lifespan=lifespan)
for module in (marks, pages, slow):
    app.include_router(module.router)
app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"))
"""

BASE = """
MARK = "base"
"""

SETTINGS = """
from __future__ import annotations

from pathlib import Path

from app import base

FILE = Path(__file__).parent.parent / ".env"
WORD = FILE.read_text().strip().partition("=")[2] if FILE.exists() else base.MARK
"""

STARTUP = """
from __future__ import annotations

from app import base

STARTED: list[str] = []


def begin() -> None:
    STARTED.append(base.MARK)


def finish() -> None:
    print("the application has finished", flush=True)
"""

MARKS = """
from __future__ import annotations

import os

from fastapi import APIRouter

from app import base, settings, startup
from app.routes import slow

MARK = "marks"
router = APIRouter()


@router.get("/marks")
async def marks() -> dict[str, str | int]:
    return {
        "base": base.MARK, "marks": MARK, "slow": slow.MARK, "started": startup.STARTED[0], "word": settings.WORD, "pid": os.getpid(),
    }
"""

PAGES = """
from __future__ import annotations

import gzip
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from fastapi.templating import Jinja2Templates

from app import base

MARK = "pages"
FOLDER = Path(__file__).parent.parent
TEMPLATES = Jinja2Templates(FOLDER / "templates")
router = APIRouter()


@router.api_route("/", methods=["GET", "HEAD"])
def index(request: Request) -> Response:
    return TEMPLATES.TemplateResponse(request, "index.html", {"mark": MARK, "base": base.MARK})


@router.get("/compressed")
def compressed() -> Response:
    return HTMLResponse(gzip.compress(b"<p>small</p>"), headers={"content-encoding": "gzip"})


@router.get("/unchanged")
def unchanged() -> Response:
    return HTMLResponse(status_code=304, headers={"etag": '"1"'})


@router.get("/file")
def file() -> Response:
    return FileResponse(FOLDER / "templates" / "index.html")
"""

SLOW = """
from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from app import base

MARK = "slow"
router = APIRouter()


@router.get("/held")
async def held(begun: Path, end: Path) -> dict[str, str | int]:
    begun.touch()
    while not end.exists():
        await asyncio.sleep(0.02)
    return {"slow": MARK, "base": base.MARK, "pid": os.getpid()}


@router.get("/blocking")
async def blocking(begun: Path, seconds: float) -> dict[str, str]:
    begun.touch()
    time.sleep(seconds)
    return {"slow": MARK}


@router.get("/stream")
async def stream() -> StreamingResponse:
    async def endless() -> AsyncIterator[str]:
        while True:
            yield f"{MARK}\\n"
            await asyncio.sleep(0.05)

    return StreamingResponse(endless(), media_type="text/plain")
"""

#: Another module instead of ``base``: reads words next to the project, waits until a test goes on, and fails if there were none.
READS_WORDS = """
from pathlib import Path

FOLDER = Path(__file__).parents[2]
WORDS = (FOLDER / "words.txt").read_text().split()
(FOLDER / "read").touch()
while not (FOLDER / "go").exists():
    pass
MARK = WORDS[0]
"""

INDEX = """<!doctype html>
<html lang="en"><head><title>Sample</title><link rel="stylesheet" href="/static/style.css"></head>
<body><p id="mark">{{ mark }}</p><p id="base">{{ base }}</p><p>äöü</p></body></html>
"""

FILES = {
    ".env": "WORD=first\n",
    "app/__init__.py": "",
    "app/main.py": MAIN,
    "app/base.py": BASE,
    "app/settings.py": SETTINGS,
    "app/startup.py": STARTUP,
    "app/routes/__init__.py": "",
    "app/routes/marks.py": MARKS,
    "app/routes/pages.py": PAGES,
    "app/routes/slow.py": SLOW,
    "app/templates/index.html": INDEX,
    "app/static/style.css": "p { color: black }\n",
}


def write_application(root: Path) -> None:
    """All of its files, as they are at the start."""
    for name, text in FILES.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
