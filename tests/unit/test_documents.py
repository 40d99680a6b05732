"""What the documents say is what there is."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from app.settings import CHECKOUT, SECRETS, Settings, load_settings
from scripts.generated_docs import documents, example
from tools.compose_variables import COMPOSE_VARIABLES, PRODUCTION_VARIABLES

LOCKS = sorted((CHECKOUT / "requirements").glob("*.txt"))


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):.*## ", (CHECKOUT / "Makefile").read_text(), flags=re.MULTILINE))


@pytest.mark.parametrize("path", sorted(documents()), ids=lambda path: path.name)
def test_generated_documents_are_current(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == documents()[path], "run `make docs`"


def test_the_example_names_every_setting_and_nothing_else() -> None:
    named = set(re.findall(r"^# ([A-Z_]+)=", (CHECKOUT / ".env.example").read_text(), flags=re.MULTILINE))
    settings = {name.upper() for name in Settings.model_fields} | {f"{name.upper()}_FILE" for name in SECRETS}
    written = {variable.name for variable in COMPOSE_VARIABLES}  # by `make up`, so they are not commented out
    assert named == (settings | {variable.name for variable in PRODUCTION_VARIABLES}) - written
    assert all(field.description for field in Settings.model_fields.values())


def test_the_example_is_valid_when_every_line_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    path = tmp_path / ".env"
    path.write_text(re.sub(r"^# ([A-Z_]+=)", r"\1", example(), flags=re.MULTILINE))
    assert load_settings(path) == load_settings(None)


@pytest.mark.parametrize(
    "document", ["README.md", "CONTRIBUTING.md", *sorted(str(p.relative_to(CHECKOUT)) for p in CHECKOUT.glob("docs/*.md"))]
)
def test_every_make_command_in_a_document_exists(document: str) -> None:
    text = (CHECKOUT / document).read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, flags=re.DOTALL))
    assert set(re.findall(r"(?:^|`)make ([a-z][a-z-]*)", code, flags=re.MULTILINE)) <= make_targets()


def test_the_readme_begins_with_the_two_commands() -> None:
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    assert 0 < text.index("make run") < text.index("make test") < 2500


@pytest.mark.parametrize(
    "document",
    [*sorted(CHECKOUT.glob("*.md")), *sorted(CHECKOUT.glob("devloop/*.md")), *sorted(CHECKOUT.glob("docs/**/*.md"))],
    ids=lambda path: path.name,
)
def test_links_inside_the_repository_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", document.read_text(encoding="utf-8"))
    missing = [link for link in links if not (document.parent / link).exists()]
    assert missing == []


def test_every_picture_is_small_and_named_by_a_document() -> None:
    documents = "".join(path.read_text(encoding="utf-8") for path in [CHECKOUT / "README.md", *CHECKOUT.glob("docs/*.md")])
    for picture in (CHECKOUT / "docs" / "images").iterdir():
        assert f"images/{picture.name})" in documents, picture.name
        assert picture.stat().st_size < 110_000, picture.name


def test_the_description_at_a_package_index_has_no_links_that_break() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "](" not in project["readme"]["text"]


def test_the_readme_of_devloop_has_no_links_that_break_at_a_package_index() -> None:
    links = re.findall(r"\]\(([^)#]+)", (CHECKOUT / "devloop" / "README.md").read_text())
    assert [link for link in links if not link.startswith("https://")] == ["first-minute.svg"]  # an index shows its text instead


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_locks_name_no_host_and_no_path_and_hash_everything(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert not re.search(r"://|^\s*-{1,2}(i|f|index|extra-index|find-links|trusted-host)\b", text, flags=re.MULTILINE)
    assert not re.search(r"(^|\s)/[a-z]", text)
    requirements = [block for block in re.split(r"\n(?=\S)", text) if re.match(r"[a-z0-9]", block)]
    assert requirements
    assert all("--hash=sha256:" in block for block in requirements)


def test_one_package_has_one_version_in_all_locks() -> None:
    versions: dict[str, set[str]] = {}
    for lock in LOCKS:
        for name, version in re.findall(r"^([a-z0-9._-]+)==(\S+)", lock.read_text(encoding="utf-8"), flags=re.MULTILINE):
            versions.setdefault(name, set()).add(version)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_the_locks_hold_every_declared_dependency() -> None:
    configuration = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    project, from_here = configuration["project"], configuration["tool"]["uv"]["sources"].keys()
    sets = {
        "runtime.txt": project["dependencies"],
        "pipeline.txt": project["dependencies"] + project["optional-dependencies"]["pipeline"],
        "run.txt": project["dependencies"] + project["optional-dependencies"]["pipeline"] + project["optional-dependencies"]["embedded"],
        "dev.txt": project["optional-dependencies"]["dev"],
    }
    for name, declared in sets.items():
        locked = set(re.findall(r"^([a-z0-9._-]+)==", (CHECKOUT / "requirements" / name).read_text(), flags=re.MULTILINE))
        wanted = {re.split(r"[\[<>=; ]", requirement)[0].lower().replace("_", "-") for requirement in declared}
        assert wanted - from_here <= locked, name
        assert not from_here & locked, "installed from its folder: a package of that name in an index may be another one"
    assert "polars==" not in (CHECKOUT / "requirements" / "runtime.txt").read_text(), "the API's image has no data-frame library"


def test_help_lists_every_target() -> None:
    shown = subprocess.run(["make", "help"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^  make ([a-z-]+)", shown, flags=re.MULTILINE)) == make_targets()


def test_what_the_product_imports_is_in_the_lock_it_runs_with() -> None:
    """The suite runs with the tools installed; `make run` does not."""
    providers = packages_distributions()
    locked = set(re.findall(r"^([a-z0-9._-]+)==", (CHECKOUT / "requirements" / "run.txt").read_text(), flags=re.MULTILINE))
    found = subprocess.run(
        ["git", "ls-files", "app/*.py", "cli/*.py", "pipeline/*.py", "alembic/*.py"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    missing = set()
    for path in found.stdout.split():
        for module in re.findall(r"^\s*(?:import|from) ([a-z_0-9]+)", (CHECKOUT / path).read_text(), flags=re.MULTILINE):
            owners = {name.lower().replace("_", "-") for name in providers.get(module, [])} - {"draft-queen"}
            if module not in sys.stdlib_module_names and owners and not owners & locked:
                missing.add((path, module))
    assert missing == set()
