"""What the command line may say, and the sentences for what it may not."""

from __future__ import annotations

import inspect
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import click
import pytest
import uvicorn
from uvicorn.main import main

from devloop.arguments import Parser
from devloop.options import Options, parse


def test_the_targets_folder_is_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app").mkdir()
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "dev.txt").touch()
    found = parse(["asgi", "app.main:app", "--lock", "requirements/dev.txt"])
    assert (found.root, found.watch) == (tmp_path, (tmp_path / "app",))
    assert found.locks == (tmp_path / "requirements" / "dev.txt",)
    assert found.state == tmp_path / ".cache" / "devloop"
    assert found.serves == "the API"
    assert parse(["worker", "single:run"]).watch == (tmp_path,)
    assert parse(["worker", "single:run"]).serves == "the single"


def test_the_folders_beside_the_targets_are_watched_when_they_have_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("mysite/urls.py", "accounts/models.py", "templates/base.html", "data/big.bin", ".venv/x.py", "node_modules/x.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    assert parse(["mysite.asgi:application"]).watch == tuple(tmp_path / name for name in ("mysite", "accounts", "templates"))
    assert parse(["mysite.asgi:application", "--reload-dir", "mysite"]).watch == (tmp_path / "mysite",)


def test_the_debug_port_is_another_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        parse(["main:app", "--debug-port", "8000"])
    assert "--debug-port 8000 is the port of the application: choose another one" in capsys.readouterr().err
    assert parse(["run", "jobs:main", "--debug-port", "8000"]).debug_port == 8000


def test_several_folders_and_another_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("app", "lib"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "lib")
    found = parse(["asgi", "app.main:make.app", "--root", "..", "--watch", "../app", "--watch", ".", "--no-warm", "--port", "0"])
    assert found.root == tmp_path
    assert found.watch == (tmp_path / "app", tmp_path / "lib")
    assert (found.warm, found.port, found.target) == (False, 0, "app.main:make.app")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["asgi", "app.main"], "'app.main' is not module:attribute, as in app.main:app"),
        (["asgi", "app.main:"], "'app.main:' is not module:attribute"),
        (["asgi", ":app"], "':app' is not module:attribute"),
        (["asgi", ""], "'' is not module:attribute"),
        (["asgi", "a:b", "--watch", "nowhere"], "nowhere to watch"),
        (["asgi", "a:b", "--root", "nowhere"], "nowhere to watch"),
        (["web", "a:b"], "'web' is not module:attribute"),
        (["a:b", "c:d"], "unexpected argument 'c:d' after a:b"),
        (["run"], "say which function to run, as in devloop run package.module:function"),
        (["a:b", "--prot", "80"], "unknown option --prot; did you mean --port?"),
        (["a:b", "--root-pth=/api"], "unknown option --root-pth; did you mean --root-path?"),
        (["a:b", "--xyz"], "unknown option --xyz; devloop --help lists all"),
        (["a:b", "--ws-max-size", "many"], "--ws-max-size: 'many' is not a valid integer"),
        (["a:b", "--lifespan", "maybe"], "--lifespan: 'maybe' is not one of"),
        (["a:b", "--header", "plain"], "--header 'plain' is not name:value"),
        (["a:b", "--ssl-certfile", "no.such"], "--ssl-certfile: there is no file no.such"),
        (["a:b", "--ssl-keyfile", __file__], "--ssl-keyfile needs --ssl-certfile"),
        (["asgi", "a:b", "--polling", "maybe"], "invalid choice: 'maybe'"),
        (["asgi", "a:b", "--grace", "long"], "invalid float value: 'long'"),
        ([], 'say what to run, as in devloop app.main:app, or set target = "app.main:app" below [tool.devloop]'),
    ],
)
def test_what_makes_no_sense_gets_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        parse(arguments)
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1


def test_uvicorns_options_are_settings_of_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = parse([
        "app.main:app", "--root-path", "/api", "--no-proxy-headers", "--header", "x-a: 1", "--header", "x-b:2", "--ws-ping-interval", "2.5",
        "--ws-per-message-deflate", "false", "--no-access-log", "--log-level", "debug", "--limit-concurrency=7",
        "--forwarded-allow-ips", "*",
        "--lifespan", "on", "--timeout-keep-alive", "3", "--use-colors", "--h11-max-incomplete-event-size", "9", "--uds", "api.sock",
    ])  # fmt: skip
    assert found.server == {
        "root_path": "/api", "proxy_headers": False, "headers": [["x-a", "1"], ["x-b", "2"]], "ws_ping_interval": 2.5,
        "ws_per_message_deflate": False, "access_log": False, "log_level": "debug", "limit_concurrency": 7, "forwarded_allow_ips": "*",
        "lifespan": "on", "timeout_keep_alive": 3, "use_colors": True, "h11_max_incomplete_event_size": 9,
    }  # fmt: skip
    assert found.uds == tmp_path / "api.sock"


def test_every_option_of_uvicorn_is_known() -> None:
    """Whatever a later uvicorn adds."""
    parser = Parser()
    parser.add_servers()
    theirs = {name for option in main.params if isinstance(option, click.Option) for name in (*option.opts, *option.secondary_opts)}
    assert len(theirs) > 40
    assert theirs <= parser.options.keys()
    settings = {parser.options[name].dest for name in theirs} - {field.name for field in fields(Options)}
    assert settings - {"reload", "workers"} <= inspect.signature(uvicorn.Config).parameters.keys() | {"version"}


def test_uvicorn_is_not_imported_for_the_options_that_are_used_most(tmp_path: Path) -> None:
    used = ["a:b", "--port", "0", "--reload", "--factory", "--no-access-log", "--reload-dir", ".", "--env-file", __file__, "--no-warm"]
    code = f"import sys; from devloop.options import parse; parse({used}); sys.exit('uvicorn' in sys.modules or 'click' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False).returncode == 0


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--reload", "is not needed"),
        ("--workers=4", "has no effect"),
        ("--reload-delay=1", "has no effect"),
        ("--limit-max-requests=9", "has no effect"),
    ],
)
def test_an_option_without_effect_gets_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], option: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse(["app.main:app", option]).server == {}
    assert capsys.readouterr().err.startswith(f"devloop: {option.partition('=')[0]} {said}: ")


def test_uvicorns_names_and_the_short_ones_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    long = parse(
        [
            "a:b",
            "--reload-dir",
            ".",
            "--reload-include",
            "*.x",
            "--reload-exclude",
            "y",
            "--app-dir",
            ".",
            "--timeout-graceful-shutdown",
            "9",
        ]
    )
    assert long == parse(["a:b", "--watch", ".", "--include", "*.x", "--exclude", "y", "--root", ".", "--grace", "9"])
    assert (long.include, long.exclude, long.grace) == (("*.x",), ("y",), 9.0)


def test_run_is_a_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments in (["run", "work.main:run"], ["--grace", "1", "run", "work.main:run"], ["run", "--grace", "1", "work.main:run"]):
        found = parse(arguments)
        assert (found.kind, found.target) == ("worker", "work.main:run")
