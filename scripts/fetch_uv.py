"""Puts the locked uv into a venv with nothing but Python's standard library: ``python3 fetch_uv.py VENV LOCK``.

The wheel comes from the index that pip or uv are configured for, or else from pip's own default; its SHA-256 must be one that the lock
names, and it is kept in the user's cache for the next checkout.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

TIMEOUT_SECONDS = 30

#: Gets pip's default index, from an installed pip or from the wheel bundled with Python.
ASK_PIP = """
import glob, os, sys, sysconfig
try:
    import pip
except ImportError:
    places = os.path.join(sysconfig.get_path("stdlib"), "ensurepip", "_bundled"), "/usr/share/python-wheels"
    sys.path[:0] = [wheel for place in places for wheel in glob.glob(os.path.join(place, "pip-*.whl"))]
from pip._internal.models.index import PyPI
print(PyPI.simple_url)
"""


class Failure(Exception):
    """A sentence for a person."""


def index_url() -> str:
    """Return the configured package index, else pip's default.

    Raises:
        Failure: neither is available.
    """
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        if value := os.environ.get(name):
            return value.rstrip("/")
    # the venv has no pip; the Python that made it may
    python = getattr(sys, "_base_executable", sys.executable)
    for question in (["-m", "pip", "config", "get", "global.index-url"], ["-c", ASK_PIP]):
        answer = subprocess.run([python, *question], capture_output=True, text=True, check=False)
        if answer.returncode == 0 and answer.stdout.strip():
            return answer.stdout.strip().rstrip("/")
    raise Failure(
        "no package index is known: this Python has neither pip nor ensurepip."
        " Install them (Debian: apt install python3-venv) or name an index in UV_DEFAULT_INDEX."
    )


def fits(wheel: str) -> bool:
    """Whether a wheel's name says that it runs on this machine."""
    system, machine = platform.system(), platform.machine().lower()
    machine = {"amd64": "x86_64", "arm64": "aarch64" if system == "Linux" else "arm64"}.get(machine, machine)
    kind = {"Linux": "manylinux" if platform.libc_ver()[0] == "glibc" else "musllinux", "Darwin": "macosx"}.get(system, "win")
    return wheel.endswith(".whl") and f"-{kind}" in wheel.replace(".", "-") and machine in wheel


def offers(page: str, body: bytes, content_type: str) -> Iterator[tuple[str, str, str]]:
    """File name, address and SHA-256 of everything an index page offers, in the JSON or the HTML form."""
    if "json" in content_type:
        for file in json.loads(body)["files"]:
            yield file["filename"], urllib.parse.urljoin(page, file["url"]), file["hashes"].get("sha256", "")
        return
    for link in re.findall(r'href="([^"]+)"', body.decode("utf-8", "replace")):
        address, _, fragment = urllib.parse.urljoin(page, link.replace("&amp;", "&")).partition("#sha256=")
        yield urllib.parse.unquote(address.rpartition("/")[2]), address, fragment


def get(url: str, accept: str = "*/*") -> tuple[bytes, str]:
    """Body and content type."""
    request = urllib.request.Request(url, headers={"Accept": accept, "User-Agent": "draft-queen-bootstrap"})  # noqa: S310 - the user's own index
    context = ssl.create_default_context(cafile=os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE") or None)
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS, context=context) as answer:  # noqa: S310
        return answer.read(), answer.headers.get_content_type()


def download(version: str, hashes: set[str]) -> tuple[bytes, str]:
    """Download the locked wheel for this machine and return it with its hash."""
    page = f"{index_url()}/uv/"
    body, content_type = get(page, "application/vnd.pypi.simple.v1+json, text/html;q=0.5")
    for name, address, digest in offers(page, body, content_type):
        if name.startswith(f"uv-{version}-") and fits(name) and digest in hashes:
            wheel = get(address)[0]
            if hashlib.sha256(wheel).hexdigest() != digest:
                raise Failure(f"{name} is not the file that was locked: try again, or ask who runs {page}.")
            return wheel, digest
    raise Failure(f"{page} offers no uv {version} for {platform.system()} {platform.machine()} among the locked files.")


def cached(folder: Path, hashes: set[str]) -> Path | None:
    """Return a wheel from an earlier checkout, if its hash is still locked."""
    for path in sorted(folder.glob("*.whl")):
        if path.stem in hashes and hashlib.sha256(path.read_bytes()).hexdigest() == path.stem:
            return path
    return None


def keep(folder: Path, wheel: bytes, digest: str) -> Path:
    """Write a wheel into the cache, complete or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as new:
        new.write(wheel)
    return Path(new.name).replace(folder / f"{digest}.whl")


def install(wheel: Path, venv: Path) -> None:
    """Install the two programs of the wheel into the venv's bin."""
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.namelist():
            if re.search(r"\.data/scripts/uvx?$", entry):
                target = venv / "bin" / entry.rpartition("/")[2]
                target.write_bytes(archive.read(entry))
                target.chmod(0o755)


def main() -> None:
    """Exit code 1 and one sentence when it cannot be had."""
    venv, lock = Path(sys.argv[1]), Path(sys.argv[2]).read_text(encoding="utf-8")
    version = next(iter(re.findall(r"^uv==(\S+)", lock, flags=re.MULTILINE)))
    hashes = set(re.findall(r"--hash=sha256:([0-9a-f]{64})", lock))
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "draft-queen"
    try:
        install(cached(folder, hashes) or keep(folder, *download(version, hashes)), venv)
    except Failure as failure:
        sys.exit(str(failure))
    except ssl.SSLCertVerificationError as error:
        sys.exit(f"certificate: {error}")
    except (urllib.error.URLError, TimeoutError) as error:
        reason = getattr(error, "reason", error)
        kind = "certificate" if isinstance(reason, ssl.SSLCertVerificationError) else "network"
        sys.exit(f"{kind}: {reason}")


if __name__ == "__main__":
    main()
