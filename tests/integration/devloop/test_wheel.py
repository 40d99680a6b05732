"""The package as a stranger gets it: built, checked, installed into an empty environment, used from its README alone, and removed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT
from tests.support.matrix import matrix_python, needed
from tests.support.waiting import PATIENCE
from tests.support.walkthrough import Walk, steps
from tests.support.wheel import BIN, PACKAGE, WHEEL, build

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("devloop wheel")]

README = PACKAGE / "README.md"
PAGES = CHECKOUT / "docs" / "devloop"
#: What pip says when there is no package index.
NO_INDEX = re.compile(r"NewConnectionError|Name or service not known|Temporary failure in name resolution|No matching distribution found")
#: A busy machine needs longer than the pages allow for a start.
PATIENT = {"sleep 2": "sleep 6"}


class PatientWalk(Walk):
    """After an edit, it waits for the reload before the time that the page gives it."""

    def _own(self, text: str) -> str:
        before, edit, after = super()._own(text).partition("sed -i ")
        reloaded = f"timeout {PATIENCE:.0f} sh -c 'until grep -q \"generation 2 after\" {self.log}; do sleep 0.1; done'"
        return before + edit + re.sub(r"\bsleep \d+", rf"{reloaded} && \g<0>", after)


TYPED = """
from pathlib import Path

from devloop.options import Options, parse

options: Options = parse(["main:app"])
folder: Path = options.root
port: str = options.port
"""


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def environment(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and what it depends on, installed as the README says; the pages are followed in it."""
    folder = tmp_path_factory.mktemp("environment")
    walk = _walk(folder, built)
    install = steps(README)[0]
    assert install.name == "install"
    try:
        walk.run(install.text)
    except AssertionError as error:
        if NO_INDEX.search(str(error)):
            pytest.skip("no package index can be reached")
        raise
    return folder / ".venv"


@pytest.fixture
def walk(environment: Path, built: Path, tmp_path: Path) -> Walk:
    folder = tmp_path / "project"
    folder.mkdir()
    return _walk(folder, built, environment)


def _walk(folder: Path, built: Path, environment: Path | None = None) -> Walk:
    """In that folder, with the environment activated; of this repository's own environment nothing is seen."""
    base = Path(getattr(sys, "_base_executable", sys.executable)).parent
    venv = environment or folder / ".venv"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV", "COV_", "DRAFT_QUEEN"))}
    path = os.pathsep.join([str(venv / "bin"), str(base), "/usr/local/bin", "/usr/bin", "/bin"])
    return PatientWalk(folder, {**kept, "PATH": path, "VIRTUAL_ENV": str(venv)}, {WHEEL: str(built / WHEEL), **PATIENT})


@needed()
def test_the_distributions_are_fit_for_an_index(built: Path) -> None:
    files = sorted(built.glob("*.whl")) + sorted(built.glob("*.tar.gz"))
    assert [file.name for file in files] == [WHEEL, "asgi_devloop-0.1.0.tar.gz"]
    checked = subprocess.run([matrix_python().parent / "twine", "check", "--strict", *files], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_the_wheel_has_the_package_and_nothing_else(built: Path) -> None:
    names = zipfile.ZipFile(built / WHEEL).namelist()
    assert {name.split("/")[0] for name in names} == {"devloop", "asgi_devloop-0.1.0.dist-info"}
    sources = PACKAGE / "src"  # the benchmarks, which are for this repository alone, are in it as well
    wanted = {str(file.relative_to(sources)) for file in (sources / "devloop").rglob("*") if file.is_file() and file.suffix != ".pyc"}
    assert {name for name in names if name.startswith("devloop/") and not name.endswith("/")} == wanted
    assert "devloop/py.typed" in wanted
    with tarfile.open(built / "asgi_devloop-0.1.0.tar.gz") as source:
        found = {name.partition("/")[2] for name in source.getnames()}
    assert {"README.md", "CHANGELOG.md", "LICENSE", "first-minute.svg", "pyproject.toml"} <= found


def test_the_version_is_the_newest_of_the_changelog(built: Path) -> None:
    versions = re.findall(r"^## (\d+\.\d+\.\d+)", (PACKAGE / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert f"asgi_devloop-{versions[0]}-py3-none-any.whl" == WHEEL
    assert [file.name for file in built.glob("*.whl")] == [WHEEL]


def test_the_environment_has_the_dependencies_and_nothing_of_this_repository(walk: Walk) -> None:
    names = "('app', 'cli', 'pipeline', 'tests')"
    program = f"from importlib.util import find_spec; import devloop; print([n for n in {names} if find_spec(n)], devloop.__file__)"
    found, _, file = walk.run(f'python -c "{program}"').partition(" ")
    assert found == "[]"
    assert re.search(r"/\.venv/lib/python3\.\d+/site-packages/devloop/__init__\.py$", file.strip())


def test_the_readme_is_followed_word_for_word(walk: Walk) -> None:
    followed = [step for step in steps(README) if step.name != "install"]
    assert [step.kind for step in followed] == ["file", "start", "run", "file"]
    walk.follow(followed)
    assert "generation 2 after" in walk.log.read_text()


@pytest.mark.parametrize("section", ["FastAPI", "Django", "Litestar", "A worker"])
def test_the_first_minute_is_followed_word_for_word(walk: Walk, section: str) -> None:
    walk.follow(steps(PAGES / "first-minute.md", section))
    assert "generation 2 after" in walk.log.read_text()


def test_the_configuration_is_followed_word_for_word(walk: Walk) -> None:
    walk.follow(steps(PAGES / "configuration.md"))
    assert "generation 2 after" in walk.log.read_text()


def test_types_reach_a_program_that_imports_it(walk: Walk, environment: Path) -> None:
    (walk.folder / "typed.py").write_text(TYPED)
    command = [str(BIN / "mypy"), "--strict", "--python-executable", str(environment / "bin" / "python"), "typed.py"]
    checked = subprocess.run(command, cwd=walk.folder, capture_output=True, text=True, check=False)
    line = TYPED.splitlines().index("port: str = options.port") + 1
    assert checked.stdout.splitlines()[0].startswith(f"typed.py:{line}: error: Incompatible types in assignment"), checked.stdout
    assert "Found 1 error" in checked.stdout


def test_nothing_is_left_after_it_is_removed(built: Path, tmp_path: Path, environment: Path) -> None:
    """In an environment of its own, without dependencies: the others use theirs still."""
    folder = tmp_path / "project"
    folder.mkdir()
    walk = _walk(folder, built)
    walk.run("python3 -m venv .venv")
    before = _files(folder / ".venv")
    walk.run(f'pip install --no-deps --no-index {WHEEL} && python -c "import devloop" && pip uninstall --yes asgi-devloop')
    assert _files(folder / ".venv") - before == set()


def _files(folder: Path) -> set[Path]:
    return {file.relative_to(folder) for file in folder.rglob("*") if file.is_file() and file.suffix != ".pyc"}


@pytest.mark.parametrize("version", ["3.10", "3.12", "3.13"])
def test_other_versions_of_python(built: Path, tmp_path: Path, version: str, python: Callable[[str], str]) -> None:
    """The README's application in each version that this machine has; one that is too old gets an explanation."""
    walk = _walk(tmp_path, built)
    walk.run(f"{python(version)} -m venv .venv")
    if version == "3.10":
        walk.run(f"pip install --quiet --no-deps --ignore-requires-python {WHEEL}")
        refusal, code = walk.run("devloop main:app 2>&1 || echo code $?").splitlines()
        assert re.fullmatch(
            rf"devloop: Python 3\.11 or newer is needed, and this is Python 3\.10\.\d+: {tmp_path}/\.venv/bin/python\S*", refusal
        )
        assert code == "code 2"
        return
    install, *followed = steps(README)
    walk.run("\n".join(line for line in install.text.splitlines() if line.startswith("pip ")))
    walk.follow(followed)
    assert "generation 2 after" in walk.log.read_text()


@pytest.fixture
def python() -> Callable[[str], str]:
    """Finds an interpreter of that version, which works; pyenv's stand-ins do not always."""

    def find(version: str) -> str:
        candidates = [f"python{version}", *map(str, sorted(Path.home().glob(f".pyenv/versions/{version}*/bin/python")))]
        for candidate in candidates:
            with_venv = [candidate, "-c", "import ensurepip, sys; print(sys.executable)"]
            try:
                done = subprocess.run(with_venv, capture_output=True, text=True, check=False)
            except FileNotFoundError:
                continue
            if done.returncode == 0:
                return done.stdout.strip()
        pytest.skip(f"there is no Python {version} on this machine")

    return find
