"""The name of a release: from the settings, or made from the code where there is no name that stands for it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from app.settings import ReleaseSettings, SettingsError, load_settings
from app.settings.release import code_fingerprint, fingerprint_of, release_of


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """Code, a template and a static file, all with the same time, as in an image."""
    folder = tmp_path / "app"
    for name in ("main.py", "web/templates/page.html", "web/static/page.css"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("one")
    same_times(folder)
    return folder


def same_times(folder: Path) -> None:
    for path in folder.rglob("*"):
        os.utime(path, (0, 0))


@pytest.mark.parametrize("name", ["main.py", "web/templates/page.html", "web/static/page.css"])
def test_another_content_is_another_fingerprint_although_size_and_time_are_the_same(code: Path, name: str) -> None:
    before = fingerprint_of(code)
    (code / name).write_text("two")
    same_times(code)
    assert fingerprint_of(code) != before


def test_a_removed_and_a_renamed_file_change_the_fingerprint(code: Path) -> None:
    seen = [fingerprint_of(code)]
    (code / "main.py").rename(code / "other.py")
    seen.append(fingerprint_of(code))
    (code / "other.py").unlink()
    seen.append(fingerprint_of(code))
    assert len(set(seen)) == 3


def test_the_same_content_elsewhere_and_at_another_time_has_the_same_fingerprint(code: Path, tmp_path: Path) -> None:
    shutil.copytree(code, tmp_path / "copy" / "app", copy_function=shutil.copyfile)
    assert fingerprint_of(tmp_path / "copy" / "app") == fingerprint_of(code)


def test_compiled_code_and_an_editors_files_do_not_count(code: Path) -> None:
    before = fingerprint_of(code)
    (code / "__pycache__").mkdir()
    (code / "__pycache__" / "main.cpython-313.pyc").write_text("")
    (code / ".#main.py").symlink_to("editor@host.123")
    (code / "dangling.py").symlink_to(code / "missing.py")
    assert fingerprint_of(code) == before


@pytest.mark.parametrize(
    ("environment", "release", "found"),
    [
        ("production", "1a2b3c", "1a2b3c"),
        ("test", "1a2b3c", "1a2b3c"),
        ("production", "local", None),
        ("development", "1a2b3c", None),
        ("development", "local", None),
    ],
)
def test_the_name(monkeypatch: pytest.MonkeyPatch, environment: str, release: str, found: str | None) -> None:
    """None: made from the code."""
    monkeypatch.setenv("ENVIRONMENT", environment)
    monkeypatch.setenv("RELEASE", release)
    assert release_of(ReleaseSettings(_env_file=None)) == (found or f"local-{code_fingerprint()}")


@pytest.mark.parametrize("name", ['a"b', "a,b", "a b", "ä", "x" * 129, "a\nb"])
def test_a_name_that_cannot_be_part_of_a_tag_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("RELEASE", name)
    with pytest.raises(SettingsError, match="RELEASE is not the name of a release: use at most 128 letters, digits"):
        load_settings(None)
