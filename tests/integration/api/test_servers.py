"""The application starts the ways in which FastAPI applications are usually started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.conftest import CHECKOUT
from tests.support.waiting import PATIENCE, free_port, until


@contextmanager
def running(command: list[str], dsn: str, log: Path) -> Iterator[str]:
    """Run a server of its own process group; yields its URL once it responds."""
    port = free_port()
    environment = {**os.environ, "DATABASE_URL": dsn, "DATA_DIR": str(log.parent), "ENVIRONMENT": "test"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--port", str(port)], cwd=CHECKOUT, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    url = f"http://127.0.0.1:{port}"

    def responds() -> bool:
        assert process.poll() is None, log.read_text(errors="replace")
        with suppress(httpx.TransportError):
            return httpx.get(f"{url}/health", timeout=PATIENCE).status_code == 200
        return False

    try:
        until(responds, lambda: log.read_text(errors="replace"), step=0.1)
        yield url
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


PYTHON = sys.executable


@pytest.mark.parametrize(
    "command",
    [
        [PYTHON, "-m", "uvicorn", "app.main:app"],
        [PYTHON, "-m", "uvicorn", "--factory", "app.main:create_app"],
        [PYTHON, "-m", "fastapi", "dev"],
        [PYTHON, "-m", "fastapi", "dev", "app/main.py"],
        [PYTHON, "-m", "fastapi", "run"],
    ],
    ids=["uvicorn", "uvicorn --factory", "fastapi dev", "fastapi dev FILE", "fastapi run"],
)
def test_a_usual_command_serves_the_data(command: list[str], league_dsn: str, tmp_path: Path) -> None:
    with running(command, league_dsn, tmp_path / "server.log") as url:
        response = httpx.get(f"{url}/api/v1/draft-picks?limit=2", timeout=PATIENCE)
        assert response.status_code == 200, response.text
        assert len(response.json()["items"]) == 2
        assert response.headers["x-request-id"]
        assert "Draft Queen" in httpx.get(f"{url}/", timeout=PATIENCE).text
