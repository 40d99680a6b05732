"""What the proxy's image is made of: tags of static files follow their content, because nginx makes them from time and size."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.docs.routes import assets as documentation
from app.errors.handlers import MEDIA_TYPE
from app.http.body_size import BODY_TOO_LARGE, MOST_BODY_BYTES
from app.http.openapi import CALCULATION_ANSWERS
from app.web.assets import assets as pages
from tests.conftest import CHECKOUT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the script runs in the image's build, with GNU tools")
SCRIPT = CHECKOUT / "docker" / "build" / "proxy-files.sh"
HTML = "usr/share/nginx/html"


def build(folder: Path, *, time: int, edited: bool = False) -> Path:
    """Lay out the proxy's files from a checkout whose files have this time; edited, one has other bytes of the same number."""
    for source, name in (("app/web/static", "web"), ("app/docs/static", "docs")):
        shutil.copytree(CHECKOUT / source, folder / name)
    style = folder / "web" / "css" / "app.css"
    if edited:
        style.write_text(style.read_text().replace("#faf8f2", "#faf8f3"))
    for path in folder.rglob("*"):
        os.utime(path, (time, time))
    subprocess.run(["bash", str(SCRIPT), str(folder / "web"), str(folder / "docs"), str(folder / "root")], check=True)
    return folder / "root"


def tags(root: Path) -> dict[str, tuple[int, int]]:
    """What nginx makes the tag of each static file from."""
    files = [path for name in ("static", "docs/static") for path in (root / HTML / name).rglob("*") if path.is_file()]
    return {str(path.relative_to(root / HTML)): (int(path.stat().st_mtime), path.stat().st_size) for path in files}


def test_other_content_is_another_tag_although_size_and_time_are_the_same(tmp_path: Path) -> None:
    before, after = tags(build(tmp_path / "one", time=0)), tags(build(tmp_path / "two", time=0, edited=True))
    assert before.keys() == after.keys()
    assert {name for name in before if before[name] != after[name]} == {"static/css/app.css", "static/css/app.css.gz"}
    assert before["static/css/app.css"][1] == after["static/css/app.css"][1]


def test_the_same_content_keeps_its_tag_whenever_it_is_built(tmp_path: Path) -> None:
    roots = [build(tmp_path / str(time), time=time) for time in (0, 1_700_000_000)]
    assert tags(roots[0]) == tags(roots[1])
    times = [{str(path.relative_to(root)): path.stat().st_mtime for path in root.rglob("*")} for root in roots]
    assert times[0] == times[1], "the layer of the image is the same as well"


def test_every_link_of_a_page_is_one_that_may_be_cached_for_a_year(tmp_path: Path) -> None:
    text = (build(tmp_path / "one", time=0) / "etc/nginx/draft-queen/fingerprints.map").read_text()
    listed = set(re.findall(r'^"(\S+)\?([0-9a-f]{12})" "public, max-age=31536000, immutable";$', text, re.MULTILINE))
    links = [pages.url("css/app.css"), documentation.url("swagger-ui.css"), documentation.url("start.js")]
    assert {tuple(link.split("?v=")) for link in links} <= listed


def test_the_proxy_and_the_api_refuse_the_same_bodies_in_the_same_words() -> None:
    limits = (CHECKOUT / "docker" / "proxy" / "draft-queen" / "limits.conf").read_text()
    assert re.findall(r"client_max_body_size (\w+);", limits) == [f"{MOST_BODY_BYTES // 1024}k"]
    assert f"error 413 'Content Too Large' '{BODY_TOO_LARGE}'" in SCRIPT.read_text()
    assert CALCULATION_ANSWERS[413]["content"][MEDIA_TYPE]["example"]["detail"] == BODY_TOO_LARGE
