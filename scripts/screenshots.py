"""Take the pictures of the documents from the running pages: ``.venv/bin/python -m scripts.screenshots``; names select some of them.

Loads the synthetic league into a throw-away database, serves it, and photographs the pages with the system's Chromium at 1200 px in light
colours. The pictures have a palette (``pngquant``, a package of most systems), so that all of them together stay small.
"""

from __future__ import annotations

import csv
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
LARGEST_BYTES = 100_000
COLOURS = "64"
URL = "http://127.0.0.1:8099"
#: A league about as large as the real data.
LEAGUE = ("--rows", "20000", "--seed", "7", "--format", "csv")


def main() -> None:
    """Photograph the pages."""
    with tempfile.TemporaryDirectory(prefix="draft-queen-pictures-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)  # as root, PostgreSQL runs as another user, who has to pass through
        dq = (sys.executable, "-m", "cli.entry")
        environment = {**os.environ, "DATA_DIR": folder, "SOURCE_BASE_URL": "http://127.0.0.1:9", "PORT": URL.rpartition(":")[2]}
        files = Path(folder) / "league"
        subprocess.run([*dq, "sample", "generate", *LEAGUE, "--out", files], cwd=CHECKOUT, env=environment, check=True)
        _confuse_two(files / "combine.csv")
        subprocess.run([*dq, "etl", "run", "--from", files], cwd=CHECKOUT, env=environment, check=True)
        server = subprocess.Popen([*dq, "serve", "--no-reload"], cwd=CHECKOUT, env=environment)
        try:
            while not _is_ready():
                time.sleep(0.2)
            _photograph(sys.argv[1:])
        finally:
            server.terminate()
            server.wait(60)


def _confuse_two(file: Path) -> None:
    """Give a player who was not selected the name and the ID of one of another build, so that there is a conflict to show."""
    with file.open(newline="") as text:
        reader = csv.DictReader(text)
        rows = list(reader)
    receivers = [row for row in rows if row["pos"] == "WR"]
    mine = next(row for row in receivers if row["season"] == "2016" and row["ht"] > "6-2" and row["draft_ovr"] and row["pfr_id"])
    other = next(row for row in receivers if row["season"] == "2018" and not row["draft_ovr"])
    other.update(player_name=mine["player_name"], pfr_id=mine["pfr_id"], ht="5-8")
    with file.open("w", newline="") as text:
        writer = csv.DictWriter(text, reader.fieldnames or (), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _is_ready() -> bool:
    try:
        return httpx.get(f"{URL}/health/ready").is_success
    except httpx.TransportError:
        return False


def _pages() -> dict[str, tuple[str, int]]:
    """Return the path of each page and the height of its picture, by the name of the picture."""
    with httpx.Client(base_url=f"{URL}/api/v1", timeout=120) as client:
        person, trade = _person_to_show(client), _trade_to_show(client)
        alike = [str(each["person_id"]) for each in client.get(f"/people/{person}/comparables?limit=2").json()["comparables"]]
        conflict = client.get("/identity/conflicts?reason=other_build&limit=1").json()["items"][0]["conflict_id"]
        college = client.get("/colleges?sort=-picks&limit=1").json()["items"][0]["slug"]
    return {
        "start-page": ("/", 1240),
        "search": ("/search?q=de", 900),
        "class": ("/classes/2020", 1000),
        "class-in-retrospect": ("/classes/2015/report", 1900),
        "player-card": (f"/people/{person}", 1345),
        "card-image": (f"/people/{person}/card.svg", 476),
        "comparison": (f"/compare?ids={person},{','.join(alike)}", 1300),
        "plot": ("/scatter?position=WR&season_min=2018", 1330),
        "franchises": ("/franchises", 1000),
        "franchise": ("/franchises/bills", 1330),
        "colleges": ("/colleges", 900),
        "college": (f"/colleges/{college}", 1330),
        "trades": ("/trades", 1000),
        "trade": (f"/trades/{trade}", 1000),
        "trade-calculator": ("/trade-calculator?gave=6,39,2028r1&received=2&discount=0.1", 1120),
        "quality": ("/quality?dataset=combine", 1000),
        "identity": (f"/identity/{conflict}", 1000),
    }


def _person_to_show(client: httpx.Client) -> int:
    """Return the first-round receiver with the highest Athletic Score among those who took part in all eight drills."""
    chosen = client.get("/draft-picks?position=WR&round=1&fields=person_id&limit=1000").json()["items"]
    scores = client.get("/analytics/athletic-score?position=WR&athletic_score_min=3&sort=-athletic_score&limit=1000").json()["items"]
    people = {row["person_id"] for row in chosen}
    return next(int(row["person_id"]) for row in scores if row["athletic_metrics"] == 8 and row["person_id"] in people)


def _trade_to_show(client: httpx.Client) -> int:
    """Return the first trade in which every side gave and received something that all charts have a value for."""
    trades = (client.get(f"/trades/{number}").json() for number in range(1, 500))
    return next(
        int(trade["trade_id"])
        for trade in trades
        if trade["complete"]
        and len(trade["legs"]) > 2
        and all(chart["gave"] and chart["received"] for chart in trade["sides"][0]["charts"])
    )


def _photograph(chosen: list[str]) -> None:
    """Take the pictures with these names, by default all."""
    pages = _pages()
    if unknown := set(chosen) - set(pages):
        sys.exit(f"Unknown pictures: {', '.join(sorted(unknown))}. Choose from {', '.join(pages)}.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"), args=["--no-sandbox"]
        )
        for name in chosen or pages:
            path, height = pages[name]
            page = browser.new_page(viewport={"width": 720 if path.endswith(".svg") else 1200, "height": height}, color_scheme="light")
            page.set_default_timeout(300_000)  # the machine may be busy
            page.goto(URL + path)
            page.screenshot(path=IMAGES / f"{name}.png")
            page.close()
            _shrink(IMAGES / f"{name}.png")
        browser.close()


def _shrink(picture: Path) -> None:
    if shutil.which("pngquant"):
        subprocess.run(["pngquant", "--force", "--strip", "--speed", "1", "--output", picture, COLOURS, picture], check=True)
    size = picture.stat().st_size
    print(f"{picture.relative_to(CHECKOUT)}: {size / 1000:.0f} kB")
    if size > LARGEST_BYTES:
        sys.exit(f"{picture.name} is larger than {LARGEST_BYTES / 1000:.0f} kB: install pngquant, or make the picture smaller.")


if __name__ == "__main__":
    main()
