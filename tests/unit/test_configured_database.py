from __future__ import annotations

import sys

import pytest

from app.db.configured import configured_dsn
from app.errors import DraftQueenError
from app.settings import load_settings


def test_an_image_without_a_database_url_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setitem(sys.modules, "tools.embedded", None)  # no image has it
    with pytest.raises(DraftQueenError, match=r"^DATABASE_URL is not set\. Set it"), configured_dsn(load_settings(None)):
        pass
