"""What the command line may say, and the sentences for what it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from devloop.options import parse


def test_the_targets_folder_is_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app").mkdir()
    found = parse(["asgi", "app.main:app", "--lock", "requirements/dev.txt"])
    assert (found.root, found.watch) == (tmp_path, (tmp_path / "app",))
    assert found.locks == (tmp_path / "requirements" / "dev.txt",)
    assert found.state == tmp_path / ".cache" / "devloop"
    assert found.serves == "the API"
    assert parse(["worker", "single:run"]).watch == (tmp_path,)
    assert parse(["worker", "single:run"]).serves == "the single"


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
        (["web", "a:b"], "invalid choice: 'web'"),
        (["asgi", "a:b", "--polling", "maybe"], "invalid choice: 'maybe'"),
        (["asgi", "a:b", "--grace", "long"], "invalid float value: 'long'"),
        ([], "required: kind, target"),
    ],
)
def test_what_makes_no_sense_gets_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        parse(arguments)
    assert end.value.code == 2
    assert sentence in capsys.readouterr().err
