"""Runs ``dq`` in this process against a real database, or as a process of its own where that is what matters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.settings import get_settings
from cli.main import main


@dataclass(frozen=True)
class Answer:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, object]]:
        """Standard output as JSON Lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    def value(self) -> dict[str, object]:
        """Standard output as one JSON object."""
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value


Dq = Callable[..., Answer]


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Settings of this test's own; nothing outside of tmp_path is written."""
    for name in ("DATABASE_URL", "DATABASE_URL_FILE", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ENVIRONMENT", "test")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SOURCE_BASE_URL", "http://127.0.0.1:9")  # nothing listens there
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    get_settings.cache_clear()
    yield monkeypatch
    get_settings.cache_clear()


@pytest.fixture
def dq(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Dq:
    """``dq("picks", "list", dsn=…)``."""

    def run(*arguments: str, dsn: str | None = None) -> Answer:
        if dsn is not None:
            environment.setenv("DATABASE_URL", dsn)
        get_settings.cache_clear()
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return Answer(int(str(ended.value.code or 0)), printed.out, printed.err)

    return run


@pytest.fixture
def dq_process(environment: pytest.MonkeyPatch) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts ``dq`` as a process of its own."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, dsn: str | None = None) -> subprocess.Popen[str]:
        env = {**os.environ, **({"DATABASE_URL": dsn} if dsn else {})}
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
