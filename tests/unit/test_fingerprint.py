"""The fingerprint of the code changes with every edit."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from app.fingerprint import code_fingerprint, fingerprint_of
from app.main import create_app
from app.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_an_edit_and_a_removal_change_it(tmp_path: Path) -> None:
    for name in ("a.py", "b.py"):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, ns=(10, 10))
    seen = [fingerprint_of(tmp_path), fingerprint_of(tmp_path)]
    os.utime(tmp_path / "b.py", ns=(11, 11))
    seen.append(fingerprint_of(tmp_path))
    (tmp_path / "a.py").unlink()
    seen.append(fingerprint_of(tmp_path))
    assert seen[0] == seen[1]
    assert len(set(seen)) == 3


def test_where_code_is_edited_an_edit_changes_every_tag(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = Settings(environment="development", data_dir=tmp_path)
    before = create_app(settings).state.byte_cache.etag("1.1", "/a")
    assert create_app(settings).state.byte_cache.etag("1.1", "/a") == before
    monkeypatch.setattr("app.main.code_fingerprint", lambda: f"{code_fingerprint()}+")
    assert create_app(settings).state.byte_cache.etag("1.1", "/a") != before


def test_links_to_nowhere_are_no_code(tmp_path: Path) -> None:
    """Editors mark a file that is being edited by a hidden link of this kind."""
    (tmp_path / "code.py").write_text("")
    before = fingerprint_of(tmp_path)
    (tmp_path / ".#code.py").symlink_to("somebody@host.123")
    (tmp_path / "dangling.py").symlink_to(tmp_path / "missing.py")
    assert fingerprint_of(tmp_path) == before
