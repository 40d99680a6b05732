"""``make scan``: every image goes through the scanner that is installed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.production.conftest import run

ENGINE = """case "$*" in
  "version "* | version) echo 28.5.2 ;;
  *"config --images") printf 'redis:8\\ndraft-queen-runtime:%s\\n' "$IMAGE_TAG" ;;
esac"""


def test_without_a_scanner_it_says_which_to_install(checkout: Path, tool: Callable[[str, str], None]) -> None:
    tool("docker", ENGINE)
    refused = run(checkout, "bash", "scripts/scan.sh")
    assert refused.returncode == 1
    assert "install trivy (https://trivy.dev) or grype" in refused.stderr


@pytest.mark.parametrize("scanner", ["trivy", "grype"])
def test_every_image_is_scanned_and_a_finding_fails(checkout: Path, tool: Callable[[str, str], None], scanner: str) -> None:
    tool("docker", ENGINE)
    tool(scanner, 'echo "scanned ${*: -1}"; [[ $* != *redis* ]]')
    found = run(checkout, "bash", "scripts/scan.sh", RELEASE="r1")
    assert found.returncode == 1
    assert [line for line in found.stdout.splitlines() if "scanned" in line] == ["scanned draft-queen-runtime:r1", "scanned redis:8"]
    assert "these images have vulnerabilities, or could not be scanned: redis:8." in found.stderr
    tool(scanner, "true")
    assert run(checkout, "bash", "scripts/scan.sh", RELEASE="r1").returncode == 0
