"""``[tool.devloop]`` in pyproject.toml, and what runs when nothing is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from devloop.options import parse
from devloop.target import discovered


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("app", "lib", "src"):
        (tmp_path / name).mkdir()
    return tmp_path


def write(project: Path, table: str) -> None:
    (project / "pyproject.toml").write_text(f'[project]\nname = "x"\n\n[tool.devloop]\n{table}\n')


def test_the_table_has_every_option_by_its_name(project: Path) -> None:
    write(
        project,
        'target = "app.main:app"\nport = 8123\nreload-dir = ["app", "lib"]\nstop_first = true\nwarm = false\ngrace = 2\n'
        'include = "*.graphql"\n'
        'root-path = "/api"\naccess_log = false\nproxy-headers = false\nheader = ["a:1", "b:2"]\nlimit-concurrency = 5\nfactory = false',
    )
    found = parse([])
    assert (found.target, found.port, found.stop_first, found.warm, found.grace) == ("app.main:app", 8123, True, False, 2.0)
    assert found.watch == (project / "app", project / "lib")
    assert (found.include, found.factory) == (("*.graphql",), False)
    assert found.server == {
        "root_path": "/api", "access_log": False, "proxy_headers": False, "headers": [["a", "1"], ["b", "2"]], "limit_concurrency": 5,
    }  # fmt: skip


def test_the_command_line_wins(project: Path) -> None:
    write(project, 'target = "app.main:app"\nport = 8123\nreload-dir = ["app", "lib"]\nno-warm = true\naccess-log = false')
    found = parse(["app.other:app", "--port", "9", "--watch", "src", "--warm", "--access-log"])
    assert (found.target, found.port, found.watch, found.warm) == ("app.other:app", 9, (project / "src",), True)
    assert found.server == {"access_log": True}
    assert parse([]).warm is False


def test_paths_in_the_table_are_meant_from_its_folder(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(project, 'app-dir = "src"\nwatch = ["lib"]\nenv-file = "settings.env"')
    (project / "settings.env").touch()
    found = parse(["main:app"])
    assert (found.root, found.watch, found.env_file) == (project / "src", (project / "lib",), project / "settings.env")
    monkeypatch.chdir(project / "app")
    write(project, 'watch = ["lib"]')
    assert parse(["main:app", "--root", ".."]).watch == (project / "lib",)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("prot = 1", "prot in [tool.devloop]: unknown option prot; did you mean port?"),
        ("ws-max-sise = 1", "ws-max-sise in [tool.devloop]: unknown option ws-max-sise; did you mean ws-max-size?"),
        ('port = "many"', "port in [tool.devloop] has to be a whole number, not 'many'"),
        ("port = true", "port in [tool.devloop] has to be a whole number, not True"),
        ("port = 1.5", "port in [tool.devloop] has to be a whole number, not 1.5"),
        ("port = [1, 2]", "port in [tool.devloop] has to be one value, not [1, 2]"),
        ('stop-first = "yes"', "stop-first in [tool.devloop] has to be true or false, not 'yes'"),
        ("no-access-log = 1", "no-access-log in [tool.devloop] has to be true or false, not 1"),
        ("watch = [{ a = 1 }]", "watch in [tool.devloop] has to be text or a number, not [{'a': 1}]"),
        ("target = 1", "target in [tool.devloop] has to be a string such as 'app.main:app'"),
        ('polling = "maybe"', "polling in [tool.devloop]: invalid choice: 'maybe'"),
        ('grace = "long"', "grace in [tool.devloop]: invalid float value: 'long'"),
        ('lifespan = "maybe"', "lifespan in [tool.devloop]: 'maybe' is not one of"),
        ("port = ", "pyproject.toml is not valid TOML: "),
    ],
)
def test_a_mistake_in_the_table_is_named_with_key_and_file(
    project: Path, capsys: pytest.CaptureFixture[str], table: str, message: str
) -> None:
    write(project, table)
    with pytest.raises(SystemExit) as end:
        parse(["app.main:app"])
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert message in said
    assert "pyproject.toml" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("files", "root", "target"),
    [
        ({"main.py": "app = make()"}, ".", "main:app"),
        ({"main.py": "api: FastAPI = make()", "app.py": "app = 1"}, ".", "main:api"),
        ({"main.py": "print(app)", "app/__init__.py": "", "app/main.py": "api = 1\nfrom x import y as app"}, ".", "app.main:app"),
        ({"app/main.py": "app = 1"}, "app", "main:app"),
        ({"api.py": "async def app(scope, receive, send): ...", "main.py": "def broken("}, ".", "api:app"),
        ({"main.py": "from x import FastAPI\napp = FastAPI()\nx = (\n", "api.py": "api = 1"}, ".", "main:app"),
        ({"main.py": "app = 1", "pyproject.toml": '[tool.fastapi]\nentrypoint = "web.site:app"'}, ".", "web.site:app"),
    ],
)
def test_without_a_target_it_is_what_fastapi_dev_finds(project: Path, files: dict[str, str], root: str, target: str) -> None:
    for name, text in files.items():
        (project / name).write_text(text)
    found = parse([])
    assert (found.root, found.target) == ((project / root).resolve(), target)


def test_nothing_is_found_where_there_is_no_application(project: Path) -> None:
    (project / "main.py").write_text("if __name__ == '__main__':\n    app = 1\n")
    assert discovered(project) is None
