"""The bootstrap: what it says when it cannot go on, and where uv comes from."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from app.settings import CHECKOUT

TOOLS = ["bash", "cat", "cut", "dirname", "env", "flock", "grep", "mkdir", "mktemp", "rm", "sed", "sha256sum", "stat", "tail"]
NOWHERE = "http://127.0.0.1:9/simple"


@pytest.fixture(autouse=True)
def _outside_of_the_dev_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DRAFT_QUEEN_CONTAINER", raising=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """As much of a checkout as the bootstrap looks at, in a folder with a space in its name."""
    folder = tmp_path / "my checkout"
    for name in ("scripts", "requirements"):
        shutil.copytree(CHECKOUT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CHECKOUT / "pyproject.toml", folder)
    (folder / "devloop").mkdir()
    shutil.copy(CHECKOUT / "devloop" / "pyproject.toml", folder / "devloop")
    return folder


def bootstrap(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("UV_", "PIP_", "VIRTUAL_ENV"))}
    return subprocess.run(
        ["bash", "scripts/bootstrap.sh", "run"],
        cwd=folder,
        env=plain | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_an_old_python_is_one_sentence_with_the_cure(checkout: Path, tmp_path: Path) -> None:
    bin_dir = tmp_path / "bin"
    bin_dir.mkdir()
    for tool in TOOLS:
        (bin_dir / tool).symlink_to(str(shutil.which(tool)))
    (bin_dir / "python3").write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" || exit 1\n')
    (bin_dir / "python3").chmod(0o755)
    ended = bootstrap(checkout, PATH=str(bin_dir))
    assert ended.returncode == 1
    assert "Python 3.11 or newer is needed and Python 3.9.2 was found" in ended.stderr
    assert "apt install python3" in ended.stderr


def test_no_network_is_one_sentence_with_the_cure(checkout: Path, tmp_path: Path) -> None:
    ended = bootstrap(checkout, UV_DEFAULT_INDEX=NOWHERE, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert ended.returncode == 1
    assert "the package index cannot be reached" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (checkout / ".venv" / ".installed").exists(), "half an installation must not count as one"


@pytest.mark.parametrize(
    "reason",
    [
        "Failed to resolve 'index.invalid' ([Errno -2] Name or service not known)",
        "[Errno 8] nodename nor servname provided, or not known",
        "Failed to establish a new connection: [Errno 101] Network is down",
        "ProxyError('Cannot connect to proxy.', RemoteDisconnected('Remote end closed connection without response'))",
        "('Connection broken: IncompleteRead(0 bytes read)')",
    ],
)
def test_every_network_error_of_pip_names_the_network(checkout: Path, reason: str) -> None:
    (checkout / "log").write_text(f"WARNING: Retrying: {reason}\nERROR: No matching distribution found for uv\n")
    script = 'set -- run; source <(sed "/^if installed/,\\$d" scripts/bootstrap.sh | sed "s|^cd .*||"); explain log'
    ended = subprocess.run(["bash", "-c", script], cwd=checkout, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "the package index cannot be reached" in ended.stderr


#: In place of uv: installs packages and the project's command, and writes down what there was when it took the command out.
INSTALLER = """#!/bin/sh
case "$*" in
  *"--editable . "*) touch .venv/bin/dq ;;
  "pip install "*requirements/run.txt*) echo "numpy of run.txt" >packages ;;
  "pip sync "*requirements/run.txt*) rm -f .venv/bin/dq && cat packages >removed ;;
esac
"""


def test_a_second_checkout_takes_uv_from_the_cache(checkout: Path, tmp_path: Path) -> None:
    lock = (checkout / "requirements" / "bootstrap.txt").read_bytes()
    machine = f"{platform.system()}-{platform.machine()}"
    uv = tmp_path / "cache" / "draft-queen" / f"uv-{machine}-{hashlib.sha256(lock).hexdigest()[:12]}"
    uv.parent.mkdir(parents=True)
    uv.write_text(INSTALLER)
    uv.chmod(0o755)
    ended = bootstrap(checkout, UV_DEFAULT_INDEX=NOWHERE, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert ended.returncode == 0, ended.stderr
    assert (checkout / "removed").read_text() == "numpy of run.txt\n", "dq is missing while packages are still installed"
    assert (checkout / ".venv" / "bin" / "dq").exists()
    assert (checkout / ".venv" / ".installed").exists()


def test_another_install_is_waited_for(checkout: Path) -> None:
    ready = checkout / "held"
    other = subprocess.Popen(["flock", ".bootstrap.lock", "sh", "-c", "touch held; read -r _"], cwd=checkout, stdin=subprocess.PIPE)
    try:
        while not ready.exists():
            assert other.poll() is None
            time.sleep(0.02)
        timer = threading.Timer(0.5, lambda: other.communicate(b"\n"))
        timer.start()
        ended = bootstrap(
            checkout,
            PATH=f"{checkout / 'none'}:/usr/bin:/bin",
            PYTHON=str(Path(sys.base_prefix, "bin", "python3")),
            UV_DEFAULT_INDEX=NOWHERE,
            XDG_CACHE_HOME=str(checkout / "cache"),
        )
        timer.join()
    finally:
        other.kill()
        other.wait()
    assert ended.stderr.startswith("draft-queen: waiting for another installation in this checkout to finish ...\n")
    assert "the package index cannot be reached" in ended.stderr, "then it goes on"


def contents(folder: Path) -> dict[Path, tuple[int, str]]:
    """Each file with its time and its contents or target."""
    return {
        path: (path.lstat().st_mtime_ns, str(path.readlink()) if path.is_symlink() else path.read_text())
        for path in folder.rglob("*")
        if not path.is_dir() or path.is_symlink()
    }


@pytest.fixture
def installed(checkout: Path) -> Path:
    """A checkout whose environment looks complete to the bootstrap."""
    commands = checkout / ".venv" / "bin"
    commands.mkdir(parents=True)
    (commands / "dq").write_text("#!/bin/sh\n")
    (commands / "dq").chmod(0o755)
    (commands / "python").symlink_to(shutil.which("true") or "")
    script = (
        'set -- run; source <(sed "/^if installed/,\\$d" scripts/bootstrap.sh | sed "s|^cd .*||"); echo "run $(fingerprint run)" >"$stamp"'
    )
    subprocess.run(["bash", "-c", script], cwd=checkout, check=True)
    return checkout


def test_a_second_call_does_nothing(installed: Path) -> None:
    before = contents(installed)
    ended = bootstrap(installed)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert contents(installed) == before


@pytest.mark.parametrize("there", [True, False])
def test_in_the_dev_image_the_environment_of_the_host_is_left_alone(installed: Path, there: bool) -> None:
    """Its interpreter does not exist inside, so it would be replaced by one that does not exist outside."""
    (installed / ".venv" / "bin" / "python").unlink()
    (installed / ".venv" / "bin" / "python").symlink_to("/only/on/the/host")
    if not there:
        shutil.rmtree(installed / ".venv")
    before = contents(installed)
    ended = bootstrap(installed, DRAFT_QUEEN_CONTAINER="1")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "draft-queen: the dev container has its packages in /opt/venv and make uses them: there is nothing to install. "
        "The .venv of this checkout belongs to the host: create it there.\n"
    )
    assert contents(installed) == before


def test_an_environment_whose_interpreter_is_gone_is_made_anew(checkout: Path, tmp_path: Path) -> None:
    """Its stamp says that all is installed, and every command would end with `Permission denied` or `not found`."""
    commands = checkout / ".venv" / "bin"
    commands.mkdir(parents=True)
    (commands / "dq").write_text("#!/bin/sh\n")
    (commands / "dq").chmod(0o755)
    (commands / "python").symlink_to(tmp_path / "gone")
    script = 'set -- run; source <(sed "/^if installed/,\\$d" scripts/bootstrap.sh | sed "s|^cd .*||"); %s'

    def ask(question: str) -> int:
        return subprocess.run(["bash", "-c", script % question], cwd=checkout, capture_output=True, check=False).returncode

    assert ask('echo "run $(fingerprint run)" >"$stamp"') == 0
    assert ask("installed") == 1
    (commands / "python").unlink()
    (commands / "python").symlink_to(shutil.which("true") or "")
    assert ask("installed") == 0


def test_without_sha256sum_the_fingerprint_is_the_same(checkout: Path, tmp_path: Path) -> None:
    """As on older versions of macOS."""
    bin_dir = tmp_path / "bin"
    bin_dir.mkdir()
    for tool in TOOLS:
        (bin_dir / tool).symlink_to(str(shutil.which(tool)))
    script = 'set -- run; source <(sed "/^if installed/,\\$d" scripts/bootstrap.sh | sed "s|^cd .*||"); fingerprint run'

    def fingerprint() -> str:
        command = [str(shutil.which("bash")), "-c", script]
        return subprocess.run(command, cwd=checkout, env={"PATH": str(bin_dir)}, capture_output=True, text=True, check=True).stdout

    before = fingerprint()
    (bin_dir / "sha256sum").rename(tmp_path / "sha256sum")
    (bin_dir / "shasum").write_text(f'#!{bin_dir}/bash\n[[ "$1 $2" == "-a 256" ]] && shift 2 && exec {tmp_path}/sha256sum "$@"\n')
    (bin_dir / "shasum").chmod(0o755)
    assert fingerprint() == before


def test_a_tool_setting_installs_nothing_anew_but_a_dependency_does(checkout: Path) -> None:
    script = 'set -- run; source <(sed "/^if installed/,\\$d" scripts/bootstrap.sh | sed "s|^cd .*||"); fingerprint run'

    def fingerprint() -> str:
        return subprocess.run(["bash", "-c", script], cwd=checkout, capture_output=True, text=True, check=True).stdout

    before = fingerprint()
    project = checkout / "pyproject.toml"
    project.write_text(project.read_text() + "\n[tool.other]\nx = 1\n")
    assert len(before) == 65
    assert fingerprint() == before
    project.write_text(project.read_text().replace('"click>=', '"clack>='))
    assert fingerprint() != before
