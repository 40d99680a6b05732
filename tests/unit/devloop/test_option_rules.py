"""Options that only some targets take, that only the command line takes, and paths that depend on where they are written."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from devloop import __main__ as command_line
from devloop.options import Options, parse
from devloop.welcome import address


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app").mkdir()
    return tmp_path


def write(project: Path, table: str) -> None:
    (project / "pyproject.toml").write_text(f"[tool.devloop]\n{table}\n")


def refusal(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as end:
        parse(arguments)
    assert end.value.code == 2
    return capsys.readouterr().err


def test_devloop_run_does_not_take_the_applications_sockets_from_the_table(project: Path) -> None:
    write(project, 'target = "app.main:app"\nhost = "127.0.0.2"\nport = 8123\nuds = "api.sock"\ndebug-port = 5678\ngrace = 2')
    api = parse([])
    assert (api.host, api.port, api.uds, api.debug_port) == ("127.0.0.2", 8123, project / "api.sock", 5678)
    for arguments in (["run", "jobs:main"], ["--grace", "2", "worker", "jobs:main"]):
        worker = parse(arguments)
        assert (worker.host, worker.port, worker.uds, worker.debug_port, worker.grace) == ("127.0.0.1", 8000, None, None, 2.0)
    assert parse(["run", "jobs:main", "--debug-port", "5679"]).debug_port == 5679


def test_the_table_names_a_worker_by_itself_and_next_to_an_application(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, 'run = "jobs:main"\ndebug-port = 5678')
    for arguments in ([], ["run"]):
        alone = parse(arguments)
        assert (alone.kind, alone.target, alone.debug_port) == ("worker", "jobs:main", 5678)
    write(project, 'target = "app.main:app"\nrun = "jobs:main"\ndebug-port = 5678')
    api, worker = parse([]), parse(["run"])
    assert (api.kind, api.target, api.debug_port) == ("asgi", "app.main:app", 5678)
    assert (worker.kind, worker.target, worker.debug_port) == ("worker", "jobs:main", None)
    write(project, "run = 1")
    assert refusal([], capsys) == "devloop: pyproject.toml: run in [tool.devloop] has to be a string such as 'jobs:main'\n"


@pytest.mark.parametrize("key", ["version = true", "fd = 3", "ready-fd = 3", "ready_fd = 3", 'debug-port-hint = "x"'])
def test_the_table_refuses_what_belongs_to_one_run(project: Path, capsys: pytest.CaptureFixture[str], key: str) -> None:
    write(project, key)
    said = refusal(["app.main:app"], capsys)
    assert said == f"devloop: pyproject.toml: {key.partition(' ')[0]} cannot be set in [tool.devloop]: give it on the command line\n"


def test_a_lock_file_is_found_from_the_current_folder(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "dev.txt").touch()
    (project / "src" / "app").mkdir(parents=True)
    assert parse(["app.main:app", "--app-dir", "src", "--lock", "dev.txt"]).locks == (project / "dev.txt",)
    assert refusal(["app.main:app", "--lock", "no.such"], capsys) == "devloop: --lock: there is no file no.such\n"


def test_paths_in_the_table_are_relative_to_its_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("dev.txt", "key.pem", "cert.pem", "ca.pem"):
        (project / name).touch()
    write(project, 'lock = "dev.txt"\nssl-keyfile = "key.pem"\nssl_certfile = "cert.pem"\nssl-ca-certs = "ca.pem"\nroot-path = "/api"')
    monkeypatch.chdir(project / "app")
    found = parse(["main:app", "--root", ".."])
    assert found.locks == (project / "dev.txt",)
    files = {name: Path(str(found.server[name])).resolve() for name in ("ssl_keyfile", "ssl_certfile", "ssl_ca_certs")}
    assert files == {"ssl_keyfile": project / "key.pem", "ssl_certfile": project / "cert.pem", "ssl_ca_certs": project / "ca.pem"}
    assert found.server["root_path"] == "/api"


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the command up to the point at which a loop would begin."""
    monkeypatch.setattr("devloop.plain.run_plainly", lambda _options, _listener: 0)
    monkeypatch.setattr(sys, "argv", ["devloop", *arguments, "--plain"])
    monkeypatch.setattr(sys, "path", list(sys.path))
    return command_line.main()


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no Unix sockets")
def test_only_a_unix_socket_that_was_bound_here_is_removed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = project / "api.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        assert run(monkeypatch, "run", "jobs:main", "--uds", "api.sock") == 0
        assert path.is_socket()
        with socket.create_server(("127.0.0.1", 0)) as held:
            assert run(monkeypatch, "app.main:app", "--uds", "api.sock", "--fd", str(held.detach())) == 0
        assert path.is_socket()
    path.unlink()
    assert run(monkeypatch, "app.main:app", "--uds", "api.sock") == 0
    assert not path.exists()


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no Unix sockets")
def test_another_programs_socket_under_the_same_name_is_not_removed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = project / "api.sock"
    with socket.socket(socket.AF_UNIX) as other:

        def replaced(_options: Options, _listener: socket.socket | None) -> int:
            path.rename(project / "moved.sock")  # a new file may get the number of one that was deleted
            other.bind(str(path))
            return 0

        monkeypatch.setattr("devloop.plain.run_plainly", replaced)
        monkeypatch.setattr(sys, "argv", ["devloop", "app.main:app", "--uds", "api.sock", "--plain"])
        monkeypatch.setattr(sys, "path", list(sys.path))
        assert command_line.main() == 0
    assert path.is_socket()


def test_an_unusable_certificate_is_found_before_the_socket_is_bound(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "cert.pem").write_text("not a certificate")
    assert run(monkeypatch, "app.main:app", "--uds", "api.sock", "--ssl-certfile", "cert.pem") == 2
    assert "cannot be used" in capsys.readouterr().err
    assert not (project / "api.sock").exists()


def test_a_descriptor_that_cannot_be_used_is_named(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "app.main:app", "--fd", "7777") == 2
    expected = "devloop: cannot listen on --fd 7777 (Bad file descriptor): pass the number of an open, listening socket.\n"
    assert capsys.readouterr().err == expected


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no Unix sockets")
def test_a_unix_socket_passed_as_a_descriptor_is_named_by_its_path(project: Path) -> None:
    path = project / "t"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        assert address(Options("asgi", "app.main:app", project, (project,), fd=listener.fileno()), listener) == f"unix socket {path}"
