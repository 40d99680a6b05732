"""What the zygote imports is learned, kept, and forgotten when it may have changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from devloop.messages import Prepared
from devloop.options import Options
from devloop.preload import Preload


@pytest.fixture
def options(tmp_path: Path) -> Options:
    (tmp_path / "lock.txt").write_text("a==1\n")
    return Options("asgi", "app.main:app", tmp_path, (tmp_path,), locks=(tmp_path / "lock.txt",))


def learned(options: Options) -> list[str]:
    """What is imported more than the server."""
    base = Preload(Options("asgi", "nothing:else", options.root / "elsewhere", ())).modules()
    found = Preload(options).modules()
    assert found[: len(base)] == base
    return found[len(base) :]


def test_what_was_learned_is_imported_at_the_next_start_in_its_order(options: Options) -> None:
    preload = Preload(options)
    assert not preload.learned
    preload.modules()
    preload.learn(["z", "a", "z"])
    preload.learn(["m", "a"])
    assert Preload(options).modules() == preload.modules()
    assert learned(options) == ["z", "a", "m"]
    (list_of_modules,) = options.state.glob("preload-app-main-app-*.json")
    assert {path.name for path in options.state.iterdir()} == {list_of_modules.name, ".gitignore"}


def test_another_lock_another_target_and_no_file_know_nothing(options: Options) -> None:
    Preload(options).learn(["a"])
    assert learned(Options("asgi", "app.other:app", options.root, (), locks=options.locks)) == []
    options.locks[0].write_text("a==2\n")
    assert learned(options) == []
    options.locks[0].write_text("a==1\n")
    assert learned(options) == ["a"]
    options.locks[0].unlink()
    assert learned(options) == []


def test_what_starts_a_thread_is_left_out_with_its_parts_and_stays_so(options: Options) -> None:
    preload = Preload(options)
    preload.learn(["busy", "busy.part", "busybody", "other"])
    preload.exclude(["busy"])
    assert preload.modules()[-2:] == ["busybody", "other"]
    assert learned(options) == ["busybody", "other"]
    preload.exclude(["other"])
    assert learned(options) == ["busybody"]


def test_forgetting_and_giving_up(options: Options) -> None:
    preload = Preload(options)
    preload.learn(["a"])
    options.locks[0].write_text("a==2\n")
    preload.forget()
    assert not preload.learned
    assert "a" not in preload.modules()
    preload.learn(["b"])
    preload.give_up()
    assert "b" not in preload.modules()
    assert preload.learned


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"key": 1}', '{"key": "KEY", "modules": 3, "unsafe": []}', '{"key": "KEY", "modules": null, "unsafe": []}'],
)
def test_a_file_that_is_none_of_ours_is_not_believed(options: Options, text: str) -> None:
    preload = Preload(options)
    preload.learn(["a"])
    [file] = options.state.glob("*.json")
    key = json.loads(file.read_text())["key"]
    file.write_text(text.replace("KEY", key))
    assert learned(options) == []


def test_a_folder_that_cannot_be_written_is_nothing_to_fail_for(tmp_path: Path) -> None:
    (tmp_path / ".cache").write_text("a file, where a folder should be")
    preload = Preload(Options("worker", "work:run", tmp_path, ()))
    preload.learn(["a"])
    assert preload.modules()[-1] == "a"


def test_what_is_imported_ahead_holds_while_the_same_module_changes_the_environment_first(options: Options) -> None:
    main, early = options.root / "main.py", options.root / "early.py"
    main.write_text("import early\n")
    early.write_text("def f():\n    return 1\n")
    told = Prepared(["early"], [str(main), str(early)])
    preload = Preload(options)
    assert preload.holds_for(told), "nothing is imported ahead"
    preload.learn(["package"], told)
    for known in (preload, Preload(options)):
        known.modules()
        assert known.holds_for(told)
        assert known.holds_for(Prepared())
        assert known.holds_for(Prepared(["early", "later"], [str(early)]))
        assert not known.holds_for(Prepared(["main", "early"], [str(main)]))
        assert not known.holds_for(Prepared(["early"], [str(main), str(early), str(options.root / "other.py")]))
    early.write_text("def f():\n    return 2\n")
    assert preload.holds_for(told)
    main.write_text("import package\nimport early\n")
    assert not preload.holds_for(told)
    preload.relearn()
    assert preload.modules() == Preload(Options("asgi", "nothing:else", options.root / "elsewhere", ())).modules()
