"""Take the pictures of the README from the running pages: `python scripts/screenshots.py`.

Loads the synthetic league into a throw-away database, serves it, and photographs the start page and a player card with the system's
Chromium at 1200 px in light colours. The pictures have a palette (when `pngquant` is installed) so that they stay below 300 kB.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT))

IMAGES = CHECKOUT / "docs" / "images"
LARGEST_BYTES = 300_000
WIDTH = 1200
#: Width of the picture's file in pixels for one pixel of the page.
SCALE = 1
#: A league about as large as the real data.
ROWS, SEED = 20_000, 7
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]
#: A first-round receiver with all eight drills: the card with the most to see.
CARD = """
    select e.person_id from combine_entry e join draft_pick d using (person_id) join position p on p.code = e.pos
    where num_nulls(e.height_in, e.wt, e.forty, e.bench, e.vertical, e.broad_jump, e.cone, e.shuttle) = 0
        and p.leaf = 'WR' and d.round = 1 and d.games > 60
    order by d.w_av desc, e.person_id limit 1
"""


def main() -> None:
    """Photograph the pages."""
    from cli.migrations.migrate import upgrade
    from tools.embedded import EmbeddedPostgres

    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="draft-queen-pictures-") as folder:
        Path(folder).chmod(0o711)  # as root, PostgreSQL runs as somebody who has to pass through
        with EmbeddedPostgres(Path(folder) / "postgres") as postgres:
            upgrade(postgres.dsn)
            person_id = asyncio.run(_load(postgres.dsn, Path(folder)))
            with _serve(postgres.dsn, Path(folder)) as url:
                _photograph(url, {"start-page": ("/", 1240), "player-card": (f"/people/{person_id}", 1290)})
    for picture in sorted(IMAGES.glob("*.png")):
        _shrink(picture)
        size = picture.stat().st_size
        print(f"{picture.relative_to(CHECKOUT)}: {size / 1000:.0f} kB")
        if size > LARGEST_BYTES:
            sys.exit(f"{picture.name} is larger than {LARGEST_BYTES / 1000:.0f} kB: install pngquant, or make the picture smaller.")


async def _load(dsn: str, folder: Path) -> int:
    """Load the league; returns the person whose card is photographed."""
    import asyncpg

    from pipeline.run import LoadOptions, load_all

    await load_all(
        LoadOptions(dsn=dsn, exports_dir=folder, source="sample", directory=None, sample_rows=ROWS, sample_seed=SEED, trigger="command"),
        lambda _dataset, _step, _done, _total: None,
    )
    connection = await asyncpg.connect(dsn)
    try:
        person_id: int = await connection.fetchval(CARD)
    finally:
        await connection.close()
    return person_id


@contextmanager
def _serve(dsn: str, exports: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "ENVIRONMENT": "test", "DATABASE_URL": dsn, "EXPORTS_DIR": str(exports)}
    command = [sys.executable, "-m", "uvicorn", "--factory", "app.main:create_app", "--port", str(port), "--log-level", "warning"]
    process = subprocess.Popen(command, cwd=CHECKOUT, env=environment)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(f"{url}/health")
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            urlopen(url, timeout=2).close()  # noqa: S310 - our own server
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def _photograph(url: str, pictures: dict[str, tuple[str, int]]) -> None:
    """``pictures``: name → path of the page and height of the picture in pixels."""
    from playwright.sync_api import sync_playwright

    executable = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if executable is None:
        sys.exit("There is no Chromium on this machine (Debian: apt-get install chromium).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        for name, (path, height) in pictures.items():
            page = browser.new_page(viewport={"width": WIDTH, "height": height}, color_scheme="light", device_scale_factor=SCALE)
            page.goto(url + path)
            page.screenshot(path=IMAGES / f"{name}.png")
            page.close()
        browser.close()


def _shrink(picture: Path) -> None:
    if shutil.which("pngquant"):
        subprocess.run(["pngquant", "--force", "--strip", "--output", picture, "128", picture], check=True)


if __name__ == "__main__":
    main()
