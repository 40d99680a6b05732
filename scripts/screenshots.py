"""Take the pictures of the README from the running pages: ``.venv/bin/python -m scripts.screenshots``.

Loads the synthetic league into a throw-away database, serves it, and photographs the start page and a player card with the system's
Chromium at 1200 px in light colours. The pictures have a palette (when ``pngquant`` is installed) so that they stay below 300 kB.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from playwright.sync_api import sync_playwright

from app.settings import CHECKOUT

IMAGES = CHECKOUT / "docs" / "images"
LARGEST_BYTES = 300_000
URL = "http://127.0.0.1:8099"
#: A league about as large as the real data.
LEAGUE = ("--sample", "--rows", "20000", "--seed", "7")
#: First-round receivers, those with the best careers first.
RECEIVERS: dict[str, str | int] = {"position": "WR", "round": 1, "sort": "-w_av", "fields": "person_id", "limit": 100}


def main() -> None:
    """Photograph the pages."""
    with tempfile.TemporaryDirectory(prefix="draft-queen-pictures-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)  # as root, PostgreSQL runs as another user, who has to pass through
        dq = (sys.executable, "-m", "cli.entry")
        environment = {**os.environ, "DATA_DIR": folder, "SOURCE_BASE_URL": "http://127.0.0.1:9", "PORT": URL.rpartition(":")[2]}
        subprocess.run([*dq, "etl", "run", *LEAGUE], cwd=CHECKOUT, env=environment, check=True)
        server = subprocess.Popen([*dq, "serve", "--no-reload"], cwd=CHECKOUT, env=environment)
        try:
            while not _is_ready():
                time.sleep(0.2)
            _photograph("start-page", "/", 1240)
            _photograph("player-card", f"/people/{_person_to_show()}", 1290)
        finally:
            server.terminate()
            server.wait(60)


def _is_ready() -> bool:
    try:
        return httpx.get(f"{URL}/health/ready").is_success
    except httpx.TransportError:
        return False


def _person_to_show() -> int:
    """Return the first receiver with all eight drills, whose card shows the most."""
    with httpx.Client(base_url=f"{URL}/api/v1", timeout=30) as client:
        receivers = client.get("/draft-picks", params=RECEIVERS).json()["items"]
        people = (client.get(f"/people/{row['person_id']}").json() for row in receivers)
        return next(int(person["person_id"]) for person in people if any(len(entry["drills"]) == 8 for entry in person["combine"]))


def _photograph(name: str, path: str, height: int) -> None:
    """Take a picture of ``height`` pixels."""
    picture = IMAGES / f"{name}.png"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1200, "height": height}, color_scheme="light")
        page.goto(URL + path)
        page.screenshot(path=picture)
        browser.close()
    if shutil.which("pngquant"):
        subprocess.run(["pngquant", "--force", "--strip", "--output", picture, "128", picture], check=True)
    size = picture.stat().st_size
    print(f"{picture.relative_to(CHECKOUT)}: {size / 1000:.0f} kB")
    if size > LARGEST_BYTES:
        sys.exit(f"{picture.name} is larger than {LARGEST_BYTES / 1000:.0f} kB: install pngquant, or make the picture smaller.")


if __name__ == "__main__":
    main()
